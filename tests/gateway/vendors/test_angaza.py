"""Angaza: the conformance kit, and what is its own."""

from __future__ import annotations

from tests.gateway.vendors.conformance import Conformance, Spec


class TestAngaza(Conformance):
    spec = Spec(
        "angaza",
        wrong={"CLIENT_SECRET": "another"},
        serial="AZ",
        kind="shs",
        action="days",
        units=7,
    )

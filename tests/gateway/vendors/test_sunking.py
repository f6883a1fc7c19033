"""Sun King: the conformance kit, and what is its own."""

from __future__ import annotations

from tests.gateway.vendors.conformance import Conformance, Spec


class TestSunKing(Conformance):
    spec = Spec(
        "sunking",
        wrong={"CLIENT_SECRET": "another"},
        serial="SK",
        kind="shs",
        action="days",
        units=7,
        logs_in=True,
        has_login=True,
    )

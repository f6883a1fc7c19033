"""Koios: the conformance kit, and what is its own."""

from __future__ import annotations

from tests.gateway.vendors.conformance import Conformance, Spec


class TestKoios(Conformance):
    spec = Spec("koios", wrong={"API_SECRET": "another"})

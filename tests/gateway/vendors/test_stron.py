"""Stron: the conformance kit, and what is its own."""

from __future__ import annotations

from tests.gateway.vendors.conformance import Conformance, Spec


class TestStron(Conformance):
    spec = Spec("stron", wrong={"PASSWORD": "another"}, half_read=('[{"Meter_id": "1"}]',))

"""ThunderCloud: the conformance kit, and what is its own."""

from __future__ import annotations

from tests.gateway.vendors.conformance import Conformance, Spec


class TestSparkMeter(Conformance):
    spec = Spec("sparkmeter", wrong={"API_TOKEN": "another"})

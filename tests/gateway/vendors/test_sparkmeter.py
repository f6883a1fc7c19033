"""ThunderCloud: the conformance kit, and what becomes of a transaction."""

from __future__ import annotations

from core.money import Money
from core.vend import Done, Refusal
from gateway.vendors.driver import HttpDriver
from tests.gateway.vendors.conformance import Conformance, Spec
from tests.support.standins import StandIns


class TestSparkMeter(Conformance):
    spec = Spec("sparkmeter", wrong={"API_TOKEN": "another"})

    def test_what_the_site_accepted_is_made_although_it_does_not_say_how_it_stands(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        self.fault(standins, serial, "fail_after", operation="look_up")
        assert isinstance(vendor.vend(self.order(serial)), Done)

    def test_what_the_site_will_not_process_is_refused(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        body = '{"error": null, "transaction": {"status": "not-processed"}}'
        self.fault(standins, serial, "body_reply", body, operation="look_up")
        assert isinstance(vendor.vend(self.order(serial)), Refusal)

    def test_a_gift_is_refused_because_it_has_no_money(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        assert isinstance(vendor.vend(self.order(serial, money=Money(0, "KES"))), Refusal)
        assert self.vended(standins, serial) == 0

"""Calin, both servers: the conformance kit, and what is their own."""

from __future__ import annotations

import pytest

from core.vend import Done, Unknown, VendOrder
from gateway.vendors.calin_pos import CalinPos
from gateway.vendors.driver import HttpDriver
from tests.gateway.vendors.conformance import Conformance, Spec
from tests.support.standins import StandIns
from tests.support.vendors import account_with


class TestCalin(Conformance):
    spec = Spec("calin", wrong={"PASSWORD": "another"})

    @pytest.mark.parametrize("units", [1, 10, 999, 9_999_999])
    def test_the_meter_gets_every_tenth(
        self, vendor: HttpDriver, standins: StandIns, serial: str, units: int
    ) -> None:
        vendor.vend(self.order(serial, units=units))
        assert [vend["units"] for vend in standins.vends("calin", serial)] == [units]


class TestCalinPos(Conformance):
    spec = Spec("calin_pos", wrong={"VENDING_PASSWORD": "another"})

    def test_the_code_may_be_the_result_itself(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        body = '{"result_code": "00", "reason": "OK", "result": "1234 5678 9012 3456 7890"}'
        self.fault(standins, serial, "body_reply", body, operation="vend")
        assert vendor.vend(self.order(serial)) == Done(("12345678901234567890",))

    def test_a_code_of_another_meter_is_no_answer(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        result = '{"token": "12345678901234567890", "meter_number": "47000000000"}'
        body = f'{{"result_code": 0, "result": {result}}}'
        self.fault(standins, serial, "body_reply", body, operation="vend")
        assert isinstance(vendor.vend(self.order(serial)), Unknown)

    def test_a_code_is_sent_to_its_meter(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        order = self.order(serial)
        done = vend(vendor, order)
        vendor.deliver(order, done)
        assert self.shown(standins, serial)["kwh"] * 10 == order.units
        vendor.deliver(order, done)
        assert self.shown(standins, serial)["kwh"] * 10 == order.units

    def test_without_a_remote_user_no_code_is_sent(self, standins: StandIns, serial: str) -> None:
        vendor = CalinPos(account_with("calin_pos", standins.url, REMOTE_USERNAME=""))
        order = self.order(serial)
        vendor.deliver(order, vend(vendor, order))
        assert self.shown(standins, serial)["kwh"] == 0

    @pytest.mark.parametrize("fault", ["html_reply", "fail_after", "lose_reply", "refuse"])
    def test_what_becomes_of_a_code_that_is_sent_changes_nothing(
        self, vendor: HttpDriver, standins: StandIns, serial: str, fault: str
    ) -> None:
        order = self.order(serial)
        self.fault(standins, serial, fault, "other", operation="deliver")
        vendor.deliver(order, vend(vendor, order))
        assert self.vended(standins, serial) == 1

    def test_the_cashier_clears_where_no_other_user_does(
        self, standins: StandIns, serial: str
    ) -> None:
        """The user is never the password, nor is the vending password the user's."""
        vendor = CalinPos(
            account_with(
                "calin_pos", standins.url, MAINTENANCE_USERNAME="", MAINTENANCE_PASSWORD=""
            )
        )
        asked = vendor._user("MAINTENANCE_")
        assert (asked["user_name"], asked["password"]) == ("pos-1", "p0s-pass-w0rd")


def vend(vendor: HttpDriver, order: VendOrder) -> Done:
    done = vendor.vend(order)
    assert isinstance(done, Done)
    return done

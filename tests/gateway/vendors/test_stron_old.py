"""Stron's older interface: the conformance kit, and what is its own."""

from __future__ import annotations

import pytest

from core.errors import BadInput
from core.vend import Done, NotSent, Unknown
from gateway.vendors.driver import HttpDriver
from gateway.vendors.stron_old import StronOld
from tests.gateway.vendors.conformance import Conformance, Spec
from tests.support.standins import StandIns, closed_port_url
from tests.support.vendors import account_with


class TestStronOld(Conformance):
    # An ended login looks like a vend whose answer was lost, so it is not made again.
    spec = Spec("stron_old", wrong={"PASSWORD": "another"}, logs_in=True)

    @pytest.mark.parametrize(("price", "units"), [("25.00", 1), ("0.1", 7), ("796.4", 123)])
    def test_the_money_yields_the_energy_exactly(
        self, standins: StandIns, serial: str, price: str, units: int
    ) -> None:
        vendor = StronOld(account_with("stron_old", standins.url, PRICE=price))
        assert isinstance(vendor.vend(self.order(serial, units=units)), Done)
        assert [vend["units"] for vend in standins.vends("stron_old", serial)] == [units]

    @pytest.mark.parametrize(
        ("price", "currency"),
        [
            ("25.01", "KES"),
            ("91.17", "XOF"),
            ("5", "UGX"),
            ("0", "KES"),
            ("-10", "KES"),
            ("NaN", "KES"),
            ("Infinity", "KES"),
            ("25,00", "KES"),
        ],
    )
    def test_a_price_without_an_exact_tenth_opens_no_account(
        self, price: str, currency: str
    ) -> None:
        account = account_with("stron_old", closed_port_url(), PRICE=price, CURRENCY=currency)
        with pytest.raises(BadInput, match="VENDOR_STRON_OLD_MAIN_PRICE"):
            StronOld(account)

    def test_an_empty_answer_is_never_asked_again(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        self.fault(standins, serial, "expire_login", operation="vend", times=1)
        assert isinstance(vendor.vend(self.order(serial)), Unknown)
        assert self.vended(standins, serial) == 0

    def test_every_vend_logs_in(self, vendor: HttpDriver, standins: StandIns, serial: str) -> None:
        assert isinstance(vendor.vend(self.order(serial)), Done)
        self.fault(standins, "", "busy", operation="login", times=1)
        assert isinstance(vendor.vend(self.order(serial)), NotSent)
        assert self.vended(standins, serial) == 1

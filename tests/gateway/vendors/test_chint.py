"""Chint: the conformance kit, and what is its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.money import Money
from core.vend import Done, Refusal, Unknown
from gateway.vendors.chint import _signature
from gateway.vendors.driver import HttpDriver
from tests.gateway.vendors.conformance import Conformance, Spec
from tests.support.standins import StandIns

# Entities are how a small document grows to gigabytes.
_BOMB = '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">]><b><Reason>&a;&a;&a;&a;</Reason></b>'


class TestChint(Conformance):
    half_read = ("<a><MeterNo>1</MeterNo></a>", "<a><MeterNo>1</MeterNo><TariffPrice/></a>")
    spec = Spec("chint", wrong={"PASSWORD": "another"}, half_read=half_read)

    def test_codes_for_a_new_key_come_before_the_energy(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        order = self.order(f"{serial}7")
        answer = vendor.vend(order)
        assert isinstance(answer, Done)
        assert len(answer.codes) == 3
        assert [vend["code"] for vend in standins.vends("chint", order.serial)] == [
            answer.codes[-1]
        ]
        assert self.given(standins, order.serial, answer) == order.units

    def test_the_order_number_is_ours(self, vendor: HttpDriver, serial: str) -> None:
        order = self.order(serial)
        answer = vendor.vend(order)
        assert isinstance(answer, Done)
        assert answer.reference == str(order.handle.int % 10**18)

    @pytest.mark.parametrize("money", [300_00, 315_00])
    def test_another_price_at_the_vendor_sells_nothing(
        self, vendor: HttpDriver, standins: StandIns, serial: str, money: int
    ) -> None:
        answer = vendor.vend(replace(self.order(serial), money=Money(money, "KES")))
        assert isinstance(answer, Refusal)
        assert answer.reason == "amount"
        assert self.vended(standins, serial) == 0

    def test_xml_that_grows_is_not_read(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        self.fault(standins, serial, "body_reply", _BOMB, operation="vend")
        assert isinstance(vendor.vend(self.order(serial)), Unknown)

    def test_a_signature_counts_for_forty_seconds(self) -> None:
        asked = {"CustomerID": "47000123456"}
        times = [datetime(2026, 11, 30, 0, 1, second, tzinfo=UTC) for second in (19, 20, 59)]
        first, second, third = (_signature(asked, at) for at in times)
        assert first != second
        assert second == third

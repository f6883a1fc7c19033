"""Steama: the conformance kit, and how a payment without a number of ours is found again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.money import Money
from core.vend import Done, NotDone, Refusal, Unknown
from gateway.vendors.driver import HttpDriver
from simulator.vendors.vend_records import Gift, record_vend
from tests.gateway.vendors.conformance import Conformance, Spec
from tests.support.standins import StandIns


class TestSteama(Conformance):
    spec = Spec(
        "steama",
        wrong={"PASSWORD": "another"},
        logs_in=True,
        has_login=True,
        half_read=('{"results": [17], "next": null}',),
    )

    def paid(
        self, standins: StandIns, serial: str, money: int, details: Mapping[str, Any] | None = None
    ) -> None:
        """A payment is made at the vendor."""
        gift = Gift("energy", 1, money)
        record_vend(standins.runtime, "steama", serial, gift, code_digits=0, details=details)

    @pytest.mark.parametrize(
        ("money", "details"),
        [(100_00, {}), (307_50, {"provider": "AA"}), (307_50, {"reversed_by_id": 17})],
    )
    def test_another_payment_is_not_ours(
        self,
        vendor: HttpDriver,
        standins: StandIns,
        serial: str,
        money: int,
        details: Mapping[str, Any],
    ) -> None:
        asked_at = datetime.now(UTC) - timedelta(minutes=16)
        self.paid(standins, serial, money, details)
        assert isinstance(vendor.look_up(self.order(serial, asked_at=asked_at)), NotDone)

    def test_a_later_payment_is_not_ours(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        self.paid(standins, serial, 307_50)
        assert isinstance(vendor.look_up(self.order(serial)), NotDone)

    def test_two_payments_alike_are_for_a_person(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        order = self.order(serial, asked_at=datetime.now(UTC))
        for _ in range(2):
            self.paid(standins, serial, 307_50)
        answer = vendor.look_up(order)
        assert isinstance(answer, Unknown)
        assert answer.words.startswith("2 payments of that money")

    def test_a_meter_is_found_where_the_list_is_not_filtered(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        assert isinstance(vendor.vend(self.order(f"{serial}5")), Done)
        assert self.vended(standins, f"{serial}5") == 1

    def test_a_gift_has_no_money_to_tell(self, vendor: HttpDriver, serial: str) -> None:
        gift = replace(self.order(serial), money=Money(0, "KES"))
        assert vendor.vend(gift) == Refusal(
            "amount", "no money was paid for it, and this vendor is told money"
        )

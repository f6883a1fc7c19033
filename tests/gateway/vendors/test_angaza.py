"""Angaza: the conformance kit, and the date to which a unit is paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from core.vend import Done, NotSent, Refusal
from gateway.vendors.driver import HttpDriver
from tests.gateway.vendors.conformance import Conformance, Spec
from tests.support.standins import StandIns

DAY = timedelta(days=1)


class TestAngaza(Conformance):
    spec = Spec(
        "angaza",
        wrong={"CLIENT_SECRET": "another"},
        serial="AZ",
        kind="shs",
        action="days",
        units=7,
    )

    def test_days_are_added_to_the_date_in_force_and_never_to_now(
        self, vendor: HttpDriver, serial: str
    ) -> None:
        first = self.order(serial)
        until = vendor.prepare(first)
        assert isinstance(until, datetime)
        assert until == first.created_at.replace(microsecond=0) + 7 * DAY
        assert isinstance(vendor.vend(replace(first, until=until)), Done)
        # what the vendor says counts, whatever we remember
        for remembered in (None, until, until - 3 * DAY, until + 3 * DAY):
            order = self.order(serial, units=2, until_before=remembered)
            assert vendor.prepare(order) == until + 2 * DAY

    def test_a_date_that_has_passed_begins_again_at_the_payment(
        self, vendor: HttpDriver, serial: str
    ) -> None:
        past = datetime.now(UTC).replace(microsecond=0) - 30 * DAY
        assert isinstance(vendor.vend(self.order(serial, until=past)), Done)
        order = self.order(serial)
        assert vendor.prepare(order) == order.created_at.replace(microsecond=0) + 7 * DAY

    def test_what_we_remember_counts_where_the_vendor_says_nothing(
        self, vendor: HttpDriver, serial: str
    ) -> None:
        before = datetime.now(UTC).replace(microsecond=0) + 4 * DAY
        order = self.order(serial, until_before=before)
        assert vendor.prepare(order) == before + 7 * DAY

    def test_no_days_are_put_on_an_unlocked_unit(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        unlock = self.order(serial, action="unlock", units=0)
        assert vendor.prepare(unlock) is None
        assert isinstance(vendor.vend(unlock), Done)
        refused = vendor.prepare(self.order(serial))
        assert isinstance(refused, Refusal)
        assert refused.reason == "not_possible"

    def test_nothing_is_asked_for_without_a_date(self, vendor: HttpDriver, serial: str) -> None:
        assert isinstance(vendor.vend(self.order(serial)), NotSent)

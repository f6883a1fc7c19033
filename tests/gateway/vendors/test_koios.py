"""Koios: the conformance kit, its list of vends, and whose code is sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from core.money import Money
from core.vend import Done, NotSent, Refusal, Unknown
from gateway.rate_limit import RateLimit
from gateway.redis_client import fail_fast_redis
from gateway.vendors.driver import HttpDriver
from gateway.vendors.koios import Koios
from operations.embedded.services import Services
from tests.gateway.vendors.conformance import Conformance, Spec
from tests.support.standins import StandIns
from tests.support.vendors import account_with


class TestKoios(Conformance):
    spec = Spec(
        "koios",
        wrong={"API_SECRET": "another"},
        account={"ORGANIZATION": "jua", "CURRENCY": "KES"},
    )

    def test_its_list_has_every_vend_with_our_handle_over_all_pages(
        self, vendor: HttpDriver, serial: str
    ) -> None:
        orders = [self.order(serial) for _ in range(3)]
        answers = [vendor.vend(order) for order in orders]
        now = datetime.now(UTC)
        listed = vendor.list_vends(now - timedelta(hours=1), now + timedelta(hours=1))
        assert not isinstance(listed, NotSent | Unknown)
        ours = [each for each in listed if each.serial == serial]
        assert [each.handle for each in ours] == [str(order.handle) for order in orders]
        assert [Done(reference=each.reference) for each in ours] == answers
        assert {each.money for each in ours} == {Money(self.spec.money, "KES")}
        assert vendor.list_vends(now + timedelta(hours=1), now + timedelta(hours=2)) == []

    @pytest.mark.parametrize(
        "fault", ["html_reply", "fail_after", "lose_reply", "busy", "body_reply"]
    )
    def test_a_list_that_cannot_be_read_is_none(
        self, vendor: HttpDriver, standins: StandIns, fault: str
    ) -> None:
        self.fault(standins, "", fault, '{"results": [17]}', operation="list", times=1)
        now = datetime.now(UTC)
        assert isinstance(vendor.list_vends(now, now), NotSent | Unknown)

    def test_there_is_no_list_without_an_organization(self, standins: StandIns) -> None:
        assert not Koios(account_with("koios", standins.url)).abilities.can_list

    def test_the_customers_code_may_be_our_account_reference(
        self, standins: StandIns, serial: str
    ) -> None:
        vendor = Koios(account_with("koios", standins.url, CUSTOMER_CODE="account"))
        assert not vendor.abilities.can_check
        order = self.order(serial, customer_reference=f"AC{serial}")
        assert isinstance(vendor.vend(order), Done)
        assert self.vended(standins, f"AC{serial}") == 1
        nobodys = vendor.vend(self.order(serial, customer_reference=None))
        assert isinstance(nobodys, Refusal)
        assert nobodys.reason == "unknown_device"

    def test_a_gift_is_refused_because_it_has_no_money(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        refused = vendor.vend(self.order(serial, money=Money(0, "KES")))
        assert isinstance(refused, Refusal)
        assert refused.reason == "amount"
        assert self.vended(standins, serial) == 0

    def test_more_requests_than_it_answers_are_not_sent(
        self, standins: StandIns, serial: str, services: Services, redis: Redis
    ) -> None:
        of_worker = fail_fast_redis(services.redis_url_of("worker"))
        limit = RateLimit(of_worker, "koios:main", 6.0, sleep=lambda _: None)
        vendor = Koios(account_with("koios", standins.url), limit.wait)
        answers = [vendor.vend(self.order(serial)) for _ in range(3)]
        assert [type(answer) for answer in answers] == [Done, Done, NotSent]
        assert self.vended(standins, serial) == 2

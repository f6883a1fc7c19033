"""Refunds through a provider that fails in every way, and its list as the last word on payments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from core.money import Money
from core.payment import PaymentNotice
from core.usecases.payments.record import record_payment
from core.usecases.payments.request import request_payment
from core.usecases.refunds.refund import request_refund
from gateway.payments.mpesa import account as pull_account
from gateway.payments.mpesa.client import DarajaClient
from simulator.mobile_money.prompts import PHONE_PIN, answer_prompt
from simulator.safaricom.c2b_payment import pay_by_paybill
from tests.support.cast import AMINA, KIT, METER
from tests.workers.conftest import WorkerScenario
from workers import jobs, reconciliation
from workers.settings import ReconciliationSettings

ACCOUNT = "daraja:600123"

pytestmark = pytest.mark.usefixtures("pulling")


def payments(scenario: WorkerScenario) -> list[tuple[str, str, str]]:
    return scenario.rows("SELECT receipt, source, state FROM payments ORDER BY receipt")


def test_a_payment_nobody_told_us_of_is_found_on_the_providers_list(
    scenario: WorkerScenario,
) -> None:
    scenario.provider_moved("SKE1A2B3C4", METER, minutes_ago=30)

    reconciliation.reconcile()

    assert payments(scenario) == [("SKE1A2B3C4", "pull", "received")]
    [(paid_at,)] = scenario.rows("SELECT paid_at FROM payments")
    assert abs(paid_at - (scenario.now() - timedelta(minutes=30))) < timedelta(minutes=1)


def test_one_odd_row_is_one_case_and_the_others_are_booked(
    scenario: WorkerScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario.provider_moved("SKE1A2B3C4", METER, minutes_ago=30)
    listed = pull_account._page
    odd = {"transactionId": "SKE1A2B3C5", "trxDate": "soon", "amount": "5", "billreference": METER}
    back = odd | {"trxDate": "2026-11-24 12:00:00", "transactiontype": "c2b-pay-bill-reversal"}

    def page(client: DarajaClient, begin: datetime, end: datetime, offset: int) -> list[Any]:
        return [odd, back, *listed(client, begin, end, offset)] if not offset else []

    monkeypatch.setattr(pull_account, "_page", page)
    for minutes in (0, 11):
        scenario.ahead = timedelta(minutes=minutes)
        reconciliation.reconcile()

    assert payments(scenario) == [("SKE1A2B3C4", "pull", "received")]
    assert scenario.cases() == [("row_not_understood", True)] * 2


def test_what_was_booked_already_is_left_alone(scenario: WorkerScenario) -> None:
    scenario.provider_moved("SKE1A2B3C4", METER)
    scenario.pay("SKE1A2B3C4", METER, 500_00)

    reconciliation.reconcile()

    assert payments(scenario) == [("SKE1A2B3C4", "c2b", "received")]


def test_the_list_is_asked_for_when_it_is_time_and_page_by_page(
    scenario: WorkerScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.safaricom.pull_transactions.PAGE_SIZE", 20)
    reconciliation.reconcile()
    for number in range(41):
        scenario.provider_moved(f"SKE{number:07d}", KIT if number % 2 else "?", 10_00)

    reconciliation.reconcile()
    assert payments(scenario) == []

    scenario.ahead = timedelta(minutes=11)
    reconciliation.reconcile()
    assert len(payments(scenario)) == 41


@pytest.mark.parametrize("fault", ["fail_before", "lose_reply", "error_reply"])
def test_a_list_that_cannot_be_had_is_asked_for_next_time(
    scenario: WorkerScenario, fault: str
) -> None:
    scenario.provider_moved("SKE1A2B3C4", METER)
    scenario.standins.fault("safaricom", fault, operation="pull", value="500.003.02", times=1)

    reconciliation.reconcile()
    assert payments(scenario) == []
    scenario.ahead = timedelta(minutes=11)
    reconciliation.reconcile()
    assert len(payments(scenario)) == 1


def test_after_a_long_absence_of_ours_the_list_is_read_from_where_we_left_off(
    scenario: WorkerScenario,
) -> None:
    scenario.pay("SKE0000001", METER)  # the first payment that ever was ours
    scenario.provider_moved("SKE0000001", METER, 100_00)
    reconciliation.reconcile()
    scenario.provider_moved("SKE0000002", METER)
    scenario.ahead = timedelta(hours=5)

    reconciliation.reconcile()

    assert [receipt for receipt, *_ in payments(scenario)] == ["SKE0000001", "SKE0000002"]


def test_a_list_that_could_not_be_had_for_hours_is_read_whole_when_it_can(
    scenario: WorkerScenario,
) -> None:
    scenario.pay("SKE0000001", METER)
    scenario.provider_moved("SKE0000001", METER, 100_00)
    reconciliation.reconcile()
    scenario.provider_moved("SKE0000002", METER)
    scenario.standins.fault("safaricom", "fail_before", operation="pull")
    for minutes in range(11, 200, 11):
        scenario.ahead = timedelta(minutes=minutes)
        reconciliation.reconcile()
    scenario.standins.behave()
    scenario.ahead = timedelta(minutes=211)

    reconciliation.reconcile()

    assert [receipt for receipt, *_ in payments(scenario)] == ["SKE0000001", "SKE0000002"]


def test_once_a_day_the_list_is_read_for_two_days(scenario: WorkerScenario) -> None:
    scenario.ahead = -timedelta(hours=30)
    scenario.pay("SKE0000001", METER)
    scenario.provider_moved("SKE0000001", METER, 100_00)
    reconciliation.reconcile()
    for hours in (29, 27, 3):  # on the list so late that it was read past already
        scenario.ahead = -timedelta(hours=hours)
        reconciliation.reconcile()
    scenario.provider_moved("SKE0000002", METER, minutes_ago=20 * 60)
    scenario.ahead = timedelta(0)

    reconciliation.reconcile()

    assert [receipt for receipt, *_ in payments(scenario)] == ["SKE0000001", "SKE0000002"]


def test_what_moved_before_our_first_payment_is_not_ours(scenario: WorkerScenario) -> None:
    scenario.provider_moved("SKE0000000", METER, minutes_ago=600)
    scenario.provider_moved("SKE0000001", METER, 100_00)
    scenario.pay("SKE0000001", METER)

    for hours in (0, 5, 30):
        scenario.ahead = timedelta(hours=hours)
        reconciliation.reconcile()

    assert [receipt for receipt, *_ in payments(scenario)] == ["SKE0000001"]


def listed_around(scenario: WorkerScenario) -> None:
    """Two payments that the provider lists and we know, an hour and ten minutes ago."""
    for receipt, minutes in (("SKE0000001", 60), ("SKE0000003", 10)):
        scenario.provider_moved(receipt, METER, 10_00, minutes_ago=minutes)
        record_callback(scenario, receipt, METER, minutes)


def record_callback(scenario: WorkerScenario, receipt: str, account: str, minutes_ago: int) -> None:
    scenario.ahead -= timedelta(minutes=minutes_ago)
    scenario.pay(receipt, account, 10_00)
    scenario.ahead += timedelta(minutes=minutes_ago)


def test_money_the_provider_does_not_list_is_held_and_a_person_is_asked(
    scenario: WorkerScenario,
) -> None:
    """A forged callback, with the right key."""
    listed_around(scenario)
    record_callback(scenario, "FORGED0001", METER, 30)

    reconciliation.reconcile()
    jobs.apply_payments()

    assert scenario.cases() == [("not_on_statement", True)]
    assert payments(scenario) == [
        ("FORGED0001", "c2b", "received"),
        ("SKE0000001", "c2b", "applied"),
        ("SKE0000003", "c2b", "applied"),
    ]


def test_money_that_a_later_list_shows_is_released_and_its_case_closed(
    scenario: WorkerScenario, woken: Callable[..., Any]
) -> None:
    listed_around(scenario)
    record_callback(scenario, "SKE0000002", METER, 30)
    reconciliation.reconcile()
    scenario.provider_moved("SKE0000002", METER, 10_00, minutes_ago=30)
    scenario.ahead = timedelta(minutes=11)

    reconciliation.reconcile()
    assert woken() == {"payments"}
    jobs.apply_payments()

    assert scenario.cases() == [("not_on_statement", False)]
    assert {state for _, _, state in payments(scenario)} == {"applied"}


def test_what_is_young_or_was_told_on_asking_needs_no_list(scenario: WorkerScenario) -> None:
    listed_around(scenario)
    scenario.provider_moved("SKE0000009", METER, 10_00)
    record_callback(scenario, "SKE0000008", METER, 1)
    with scenario.engine.begin() as connection:
        record_callback(scenario, "SKE0000007", METER, 30)
        connection.exec_driver_sql(
            "UPDATE payments SET source = 'status' WHERE receipt = 'SKE0000007'"
        )

    reconciliation.reconcile()

    assert scenario.cases() == []


def test_unmatched_money_that_is_on_no_list_is_not_sent_back(
    scenario: WorkerScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed_around(scenario)
    record_callback(scenario, "FORGED0001", "NOBODY", 30)
    reconciliation.reconcile()
    chosen = ReconciliationSettings(None, timedelta(minutes=20))
    monkeypatch.setattr(reconciliation, "settings", lambda: chosen)

    reconciliation.reconcile()

    assert scenario.refunds() == []


def test_a_refund_of_another_rail_is_not_asked_of_daraja(scenario: WorkerScenario) -> None:
    with scenario.open_unit() as unit:
        notice = PaymentNotice(
            "mtn:mtnuganda", "SKE1A2B3C4", "query", 500_00, "KES", "NOBODY", "none", None, unit.now
        )
        request_refund(unit, record_payment(unit, notice).payment_id, "ops@jua", "no such device")

    reconciliation.reconcile()

    assert scenario.refunds() == [("failed", "no_channel", 1)]
    assert scenario.cases() == [("refund_failed", True)]


def test_a_refused_paybill_payment_leaves_nothing_to_find(scenario: WorkerScenario) -> None:
    pay_by_paybill(scenario.standins.runtime, AMINA, "NOBODY", 500_00)

    reconciliation.reconcile()

    assert payments(scenario) == []


def test_times_of_the_list_are_instants(scenario: WorkerScenario) -> None:
    scenario.provider_moved("SKE1A2B3C4", METER, minutes_ago=119)
    scenario.provider_moved("SKE1A2B3C5", METER, minutes_ago=125)

    reconciliation.reconcile()

    assert [receipt for receipt, *_ in payments(scenario)] == ["SKE1A2B3C4"]
    assert isinstance(scenario.rows("SELECT next_at FROM statement_pulls")[0][0], datetime)


@pytest.fixture
def approved(scenario: WorkerScenario) -> WorkerScenario:
    """A prompt that a look-up called paid a minute ago; its receipt was lost on the way."""
    with scenario.open_unit() as unit:
        request_payment(unit, AMINA, METER, Money(500_00, "KES"))
    jobs.prompt_payers()
    simulator = scenario.standins.runtime
    scenario.standins.fault("safaricom", "drop_callback")
    [(prompt_id,)] = scenario.rows("SELECT id FROM simulator.prompts")
    answer_prompt(simulator, AMINA, prompt_id, PHONE_PIN)
    scenario.ahead = timedelta(seconds=21)
    jobs.prompt_payers()
    assert prompts(scenario) == [("approved",)]
    return scenario


def prompts(scenario: WorkerScenario) -> list[tuple[str]]:
    return scenario.rows("SELECT state FROM prompts")


def test_a_prompt_called_paid_is_joined_to_the_receipt_another_callback_brought(
    approved: WorkerScenario,
) -> None:
    reconciliation.reconcile()  # the list has the receipt
    reconciliation.reconcile()

    assert prompts(approved) == [("paid",)]
    assert approved.rows(
        "SELECT count(*) FROM payments p JOIN prompts r ON r.payment_id = p.id"
    ) == [(1,)]


def test_a_receipt_is_joined_to_one_prompt_only(approved: WorkerScenario) -> None:
    approved.run("UPDATE prompts SET created_at = created_at - interval '1 hour'")
    with approved.open_unit() as unit:
        request_payment(unit, AMINA, METER, Money(500_00, "KES"))
    with approved.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE prompts SET state = 'approved', sent_at = now(), next_attempt_at = now()"
            " WHERE state = 'waiting'"
        )

    for _ in range(2):
        reconciliation.reconcile()

    assert sorted(prompts(approved)) == [("approved",), ("paid",)]


def test_a_receipt_nobody_brings_is_asked_for_and_at_last_a_person_is(
    approved: WorkerScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody_lists = ReconciliationSettings(None, None)
    monkeypatch.setattr(reconciliation, "settings", lambda: nobody_lists)

    approved.ahead = timedelta(minutes=2)
    reconciliation.reconcile()
    asked = approved.rows("SELECT url, body FROM simulator.callbacks WHERE kind = 'status'")
    assert asked == []  # the stand-in still loses what it has to tell
    approved.standins.behave()

    approved.ahead = timedelta(minutes=8)
    reconciliation.reconcile()
    [(url, body)] = approved.rows("SELECT url, body FROM simulator.callbacks WHERE kind = 'status'")
    assert url.rsplit("/", 3)[1] == "status"
    assert '"ReceiptNo"' in body

    approved.ahead = timedelta(minutes=90)
    reconciliation.reconcile()
    assert approved.rows("SELECT kind FROM cases") == [("paid_without_receipt",)]


def test_the_provider_is_asked_about_a_payment_that_nothing_proves(
    scenario: WorkerScenario,
) -> None:
    long_ago = scenario.now() - timedelta(days=3)
    payment_id = scenario.pay("SKE0000001", METER, 10_00, paid_at=long_ago, evidence="unverified")
    scenario.provider_moved("SKE0000001", METER, 10_00)
    scenario.ahead += timedelta(seconds=11)

    reconciliation.reconcile()

    [(url, body)] = scenario.rows("SELECT url, body FROM simulator.callbacks WHERE kind = 'status'")
    assert url.rsplit("/", 3)[1:3] == ["word", str(payment_id)]
    assert '"ReceiptNo"' in body


def test_where_no_provider_can_be_asked_a_person_decides_at_once(
    scenario: WorkerScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody_lists = ReconciliationSettings(None, None)
    monkeypatch.setattr(reconciliation, "settings", lambda: nobody_lists)
    daraja = cast(Any, reconciliation).runtime().daraja
    monkeypatch.setattr(daraja, "settings", replace(daraja.settings, initiator=""))
    scenario.pay("SKE0000001", METER, 10_00, paid_at=scenario.now() - timedelta(days=3))
    scenario.ahead += timedelta(seconds=11)

    reconciliation.reconcile()

    assert scenario.rows("SELECT state FROM provider_words") == [("no_answer",)]
    assert ("unverified_payment", True) in scenario.cases()

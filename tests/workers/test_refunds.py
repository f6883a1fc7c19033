"""Refunds are requested once, through a provider that fails in every way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import text

from core.payment import PaymentNotice
from core.usecases.payments.record import record_payment
from core.usecases.refunds.refund import request_refund
from gateway.payments.pawapay.client import PawaPayChannel
from gateway.payments.pawapay.settings import PawaPaySettings
from simulator.mobile_money.wallets import Payment, move_money
from tests.support.builders import insert_prompt
from tests.support.cast import AMINA, METER
from tests.support.standins import canned
from tests.workers.conftest import WorkerScenario
from workers import jobs, reconciliation

ACCOUNT = "daraja:600123"
DEPOSIT = "8917c345-4791-4285-a416-62f24b6982db"

pytestmark = pytest.mark.usefixtures("pulling")


@pytest.fixture
def pawapay(scenario: WorkerScenario, monkeypatch: pytest.MonkeyPatch) -> Iterator[PawaPayChannel]:
    """Money that came by pawaPay and is on its way back; the channel beside Daraja's."""
    channel = PawaPayChannel(PawaPaySettings(scenario.standins.url, "pawapay-token"))
    runtime = replace(cast(Any, jobs).runtime(), other_channels={"pawapay": channel})
    for module in (jobs, reconciliation):
        monkeypatch.setattr(module, "runtime", lambda: runtime)
    paid = Payment("TKX1", "MPESA_KEN", AMINA, METER, 500_00, scenario.now(), checkout_id=DEPOSIT)
    with scenario.standins.runtime.engine.begin() as connection:
        move_money(connection, paid)
    with scenario.open_unit() as unit:
        notice = PaymentNotice(
            "pawapay:MPESA_KEN", "TKX1", "callback", 500_00, "KES", METER, "none", None, unit.now
        )
        payment_id = record_payment(unit, notice).payment_id
        [(device_id,)] = scenario.rows("SELECT id FROM devices WHERE serial = :it", it=METER)
    with scenario.engine.begin() as connection:
        insert_prompt(
            connection,
            channel="pawapay",
            network="MPESA_KEN",
            device_id=device_id,
            account_reference=METER,
            checkout_reference=DEPOSIT,
            payment_id=payment_id,
            state="paid",
        )
    with scenario.open_unit() as unit:
        request_refund(unit, payment_id, "ops@jua", "paid by mistake")
    yield channel
    channel.close()


def again(scenario: WorkerScenario) -> None:
    scenario.ahead += timedelta(minutes=30)
    reconciliation.reconcile()


def test_a_deposit_is_sent_back_once_and_its_payer_is_told(
    scenario: WorkerScenario, pawapay: PawaPayChannel
) -> None:
    reconciliation.reconcile()
    again(scenario)

    assert scenario.refunds() == [("done", "COMPLETED", 1)]
    assert given_back(scenario) == 1
    assert scenario.rows("SELECT state FROM payments") == [("refunded",)]


def test_a_deposit_that_was_sent_back_wakes_the_sms_to_its_payer(
    scenario: WorkerScenario, pawapay: PawaPayChannel, woken: Callable[..., Any]
) -> None:
    with scenario.engine.begin() as connection:
        connection.execute(
            text("UPDATE payments SET payer_kind = 'msisdn', payer = :payer"), {"payer": AMINA}
        )

    reconciliation.reconcile()

    assert scenario.rows("SELECT kind, msisdn FROM sms") == [("refund.refunded", AMINA)]
    assert woken() == {"sms"}


@pytest.mark.parametrize("fault", ["lose_reply", "fail_after", "fail_before"])
def test_a_deposits_refund_whose_reply_was_lost_is_given_once(
    scenario: WorkerScenario, pawapay: PawaPayChannel, fault: str
) -> None:
    scenario.standins.fault("pawapay", fault, operation="refunds", times=1)

    reconciliation.reconcile()
    assert scenario.refunds()[0][0] == "unknown"
    again(scenario)

    assert scenario.refunds() == [("done", "COMPLETED", 2)]
    assert given_back(scenario) == 1


def test_a_deposits_refund_that_is_still_under_way_is_asked_about_again(
    scenario: WorkerScenario, pawapay: PawaPayChannel
) -> None:
    scenario.standins.fault("pawapay", "say_pending", operation="refund_status", times=1)

    reconciliation.reconcile()
    assert scenario.refunds() == [("unknown", "taken", 1)]
    again(scenario)

    assert scenario.refunds() == [("done", "COMPLETED", 2)]
    assert given_back(scenario) == 1


def test_a_deposit_that_was_sent_back_by_hand_counts_as_sent_back(
    scenario: WorkerScenario, pawapay: PawaPayChannel
) -> None:
    scenario.standins.fault(
        "pawapay", "error_reply", operation="refunds", value="DEPOSIT_ALREADY_REFUNDED"
    )

    reconciliation.reconcile()

    assert scenario.refunds() == [("done", "COMPLETED", 1)]


def test_money_on_pawapays_statement_that_no_deposit_of_ours_brought_is_for_a_person(
    scenario: WorkerScenario, pawapay: PawaPayChannel
) -> None:
    with scenario.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE prompts SET payment_id = NULL")

    reconciliation.reconcile()

    assert scenario.refunds() == [("failed", "no_deposit", 1)]
    assert given_back(scenario) == 0


@pytest.mark.parametrize("code", ["REFUNDS_NOT_ALLOWED", "AMOUNT_OUT_OF_BOUNDS"])
def test_a_refund_that_pawapay_refuses_is_for_a_person(
    scenario: WorkerScenario, pawapay: PawaPayChannel, woken: Callable[..., Any], code: str
) -> None:
    scenario.standins.fault("pawapay", "error_reply", operation="refunds", value=code)

    reconciliation.reconcile()

    assert scenario.refunds() == [("failed", code, 1)]
    assert scenario.cases() == [("refund_failed", True)]
    assert scenario.rows("SELECT state FROM payments") == [("received",)]
    assert woken() == {"payments"}


def test_a_refund_that_was_taken_and_failed_is_for_a_person(
    scenario: WorkerScenario, pawapay: PawaPayChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = {"failureCode": "RECIPIENT_NOT_FOUND", "failureMessage": "x"}
    data = {"status": "FAILED", "failureReason": failed}
    answer = json.dumps({"status": "DUPLICATE_IGNORED", "data": data})
    with canned(200, "application/json", answer) as url:
        elsewhere = PawaPayChannel(PawaPaySettings(url, "token"))
        monkeypatch.setattr(pawapay, "api", elsewhere.api)
        reconciliation.reconcile()

    assert scenario.refunds() == [("failed", "RECIPIENT_NOT_FOUND", 1)]
    assert scenario.cases() == [("refund_failed", True)]


def refunding(scenario: WorkerScenario) -> int:
    """Money for an unknown device, on its way back."""
    scenario.provider_moved("SKE1A2B3C4", "NOBODY")
    scenario.pay("SKE1A2B3C4", "NOBODY", 500_00)
    with scenario.open_unit() as unit:
        [(payment_id,)] = scenario.rows("SELECT id FROM payments")
        return request_refund(unit, payment_id, "ops@jua", "no such device")


def given_back(scenario: WorkerScenario) -> int:
    found: int = scenario.rows("SELECT count(*) FROM simulator.reversals")[0][0]
    return found


def test_a_refund_is_asked_for_once_however_often_the_job_runs(scenario: WorkerScenario) -> None:
    refunding(scenario)

    reconciliation.reconcile()
    reconciliation.reconcile()

    assert scenario.refunds() == [("unknown", "taken", 1)]
    assert given_back(scenario) == 1


def test_a_refund_whose_reply_was_lost_is_asked_for_again_and_given_once(
    scenario: WorkerScenario,
) -> None:
    refunding(scenario)
    scenario.standins.fault("safaricom", "lose_reply", operation="reversal", times=1)

    reconciliation.reconcile()
    scenario.ahead = timedelta(minutes=2)
    reconciliation.reconcile()

    assert scenario.refunds() == [("unknown", "taken", 2)]
    assert given_back(scenario) == 1


def test_without_an_initiator_the_money_stays_and_a_person_is_asked(
    scenario: WorkerScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    refunding(scenario)
    daraja = cast(Any, reconciliation).runtime().daraja
    bare = daraja.settings.__class__("", "", "", "600123", "", "", daraja.settings.proofs)
    monkeypatch.setattr(daraja, "settings", bare)

    reconciliation.reconcile()

    assert scenario.refunds() == [("failed", "no_initiator", 1)]
    assert scenario.rows("SELECT state FROM payments") == [("suspense",)]

"""A payment by paybill: validation, payment and confirmation."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from simulator.callback_sender import send_due_callbacks
from simulator.mobile_money.wallets import set_balance
from simulator.runtime import SimulatorRuntime
from simulator.safaricom.c2b_payment import pay_by_paybill
from tests.simulator.recording_gateway import RecordingGateway
from tests.simulator.safaricom.daraja_client import call

PAYER = "+254722999999"


def receipts(runtime: SimulatorRuntime) -> list[str]:
    with runtime.engine.connect() as connection:
        return list(
            connection.execute(text("SELECT receipt FROM simulator.transactions")).scalars()
        )


def test_an_accepted_payment_is_validated_paid_and_confirmed(
    runtime: SimulatorRuntime, gateway: RecordingGateway
) -> None:
    gateway.answers["validation"] = (200, {"ResultCode": "0", "ThirdPartyTransID": "v-17"})
    answer = pay_by_paybill(runtime, PAYER, " sl 100234", 500_00)
    assert (answer.accepted, answer.code) == (True, "0")
    assert receipts(runtime) == [answer.receipt]

    assert gateway.endpoints() == ["validation", "confirmation"]
    (validation,) = gateway.received("validation")
    (confirmation,) = gateway.received("confirmation")
    assert validation["TransID"] == confirmation["TransID"] == answer.receipt
    assert validation["BillRefNumber"] == " sl 100234"
    assert validation["OrgAccountBalance"] == ""
    assert confirmation["ThirdPartyTransID"] == "v-17"
    assert all(isinstance(value, str) for value in (validation | confirmation).values())


def test_a_refused_payment_moves_no_money_and_shows_the_gateways_code(
    runtime: SimulatorRuntime, gateway: RecordingGateway
) -> None:
    gateway.answers["validation"] = (200, {"ResultCode": "C2B00012", "ResultDesc": "Rejected"})
    answer = pay_by_paybill(runtime, PAYER, "NOSUCH", 500_00)
    assert (answer.accepted, answer.code, answer.receipt) == (False, "C2B00012", None)
    assert gateway.endpoints() == ["validation"]
    assert receipts(runtime) == []


@pytest.mark.parametrize("answer", [(500, {}), (404, {}), (200, []), (200, {"ok": True})])
def test_an_invalid_validation_reply_gets_the_registered_default(
    runtime: SimulatorRuntime, gateway: RecordingGateway, answer: tuple[int, object]
) -> None:
    gateway.answers["validation"] = answer
    assert pay_by_paybill(runtime, PAYER, "SL100234", 500_00).code == "TIMEOUT"
    assert receipts(runtime) == []


def test_a_late_validation_cancels_unless_completed_was_registered(
    quick_validation: SimulatorRuntime, gateway: RecordingGateway, providers: FlaskClient
) -> None:
    gateway.unblocked.clear()
    assert pay_by_paybill(quick_validation, PAYER, "SL100234", 500_00).code == "TIMEOUT"

    base = f"{gateway.url}/payments/daraja/k3y"
    registration = {
        "ShortCode": "600123",
        "ResponseType": "Completed",
        "ConfirmationURL": f"{base}/other-endpoint",
        "ValidationURL": f"{base}/validation",
    }
    call(providers, "/mpesa/c2b/v2/registerurl", registration)
    gateway.answers["other-endpoint"] = (200, {})
    with quick_validation.engine.begin() as connection:
        connection.execute(
            text("UPDATE simulator.registered_urls SET validation_url = :nowhere"),
            {"nowhere": "http://127.0.0.1:9/closed"},
        )
    gateway.unblocked.set()
    answer = pay_by_paybill(quick_validation, PAYER, "SL100234", 500_00)
    assert answer.accepted
    assert gateway.received("other-endpoint")[0]["TransID"] == answer.receipt


def test_a_confirmation_that_fails_is_repeated_with_the_same_receipt(
    runtime: SimulatorRuntime, gateway: RecordingGateway
) -> None:
    gateway.answers["confirmation"] = (500, {})
    answer = pay_by_paybill(runtime, PAYER, "SL100234", 500_00)
    assert answer.accepted
    del gateway.answers["confirmation"]
    with runtime.engine.begin() as connection:
        connection.execute(text("UPDATE simulator.callbacks SET due_at = now()"))
    assert send_due_callbacks(runtime.engine, timeout_seconds=5) == 1
    assert send_due_callbacks(runtime.engine, timeout_seconds=5) == 0
    receipts_confirmed = [fields["TransID"] for fields in gateway.received("confirmation")]
    assert receipts_confirmed == [answer.receipt] * 2


def test_too_low_a_balance_or_an_amount_above_the_limit_is_refused_by_mpesa(
    runtime: SimulatorRuntime, gateway: RecordingGateway
) -> None:
    with runtime.engine.begin() as connection:
        set_balance(connection, PAYER, 99_00)
    assert pay_by_paybill(runtime, PAYER, "SL100234", 100_00).code == "1"
    assert pay_by_paybill(runtime, PAYER, "SL100234", 250_001_00).code == "3"
    assert gateway.received("confirmation") == []


def test_receipts_never_repeat(runtime: SimulatorRuntime) -> None:
    paid = [pay_by_paybill(runtime, PAYER, "SL100234", 1_00).receipt for _ in range(30)]
    assert len(set(paid)) == 30

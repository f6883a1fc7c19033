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


def test_an_accepted_payment_is_validated_taken_and_confirmed(
    runtime: SimulatorRuntime, gateway: RecordingGateway
) -> None:
    gateway.answers["validation"] = (200, {"ResultCode": "0", "ThirdPartyTransID": "v-17"})
    answer = pay_by_paybill(runtime, PAYER, " sl 100234", 500_00)
    assert (answer.accepted, answer.code) == (True, "0")
    assert receipts(runtime) == [answer.receipt]

    assert gateway.callbacks() == ["validation", "confirmation"]
    (asked,), (told,) = gateway.told("validation"), gateway.told("confirmation")
    assert asked["TransID"] == told["TransID"] == answer.receipt
    assert asked["BillRefNumber"] == " sl 100234"
    assert asked["OrgAccountBalance"] == ""
    assert told["ThirdPartyTransID"] == "v-17"
    assert all(isinstance(value, str) for value in (asked | told).values())


def test_a_refused_payment_moves_nothing_and_gives_the_gateways_code(
    runtime: SimulatorRuntime, gateway: RecordingGateway
) -> None:
    gateway.answers["validation"] = (200, {"ResultCode": "C2B00012", "ResultDesc": "Rejected"})
    answer = pay_by_paybill(runtime, PAYER, "NOSUCH", 500_00)
    assert (answer.accepted, answer.code, answer.receipt) == (False, "C2B00012", None)
    assert gateway.callbacks() == ["validation"]
    assert receipts(runtime) == []


@pytest.mark.parametrize("answer", [(500, {}), (404, {}), (200, []), (200, {"ok": True})])
def test_a_gateway_that_answers_nonsense_gets_the_default(
    runtime: SimulatorRuntime, gateway: RecordingGateway, answer: tuple[int, object]
) -> None:
    gateway.answers["validation"] = answer
    assert pay_by_paybill(runtime, PAYER, "SL100234", 500_00).code == "TIMEOUT"
    assert receipts(runtime) == []


def test_slow_validation_is_cancelled_unless_completed_was_registered(
    impatient: SimulatorRuntime, gateway: RecordingGateway, providers: FlaskClient
) -> None:
    gateway.free.clear()
    assert pay_by_paybill(impatient, PAYER, "SL100234", 500_00).code == "TIMEOUT"

    base = f"{gateway.url}/payments/daraja/k3y"
    registration = {
        "ShortCode": "600123",
        "ResponseType": "Completed",
        "ConfirmationURL": f"{base}/other-endpoint",
        "ValidationURL": f"{base}/validation",
    }
    call(providers, "/mpesa/c2b/v2/registerurl", registration)
    gateway.answers["other-endpoint"] = (200, {})
    with impatient.engine.begin() as connection:
        connection.execute(
            text("UPDATE simulator.registered_urls SET validation_url = :nowhere"),
            {"nowhere": "http://127.0.0.1:9/closed"},
        )
    gateway.free.set()
    answer = pay_by_paybill(impatient, PAYER, "SL100234", 500_00)
    assert answer.accepted
    assert gateway.told("other-endpoint")[0]["TransID"] == answer.receipt


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
    assert [told["TransID"] for told in gateway.told("confirmation")] == [answer.receipt] * 2


def test_a_poor_phone_and_an_amount_over_the_limit_are_refused_by_the_provider(
    runtime: SimulatorRuntime, gateway: RecordingGateway
) -> None:
    with runtime.engine.begin() as connection:
        set_balance(connection, PAYER, 99_00)
    assert pay_by_paybill(runtime, PAYER, "SL100234", 100_00).code == "1"
    assert pay_by_paybill(runtime, PAYER, "SL100234", 250_001_00).code == "3"
    assert gateway.told("confirmation") == []


def test_receipts_never_repeat(runtime: SimulatorRuntime) -> None:
    many = [pay_by_paybill(runtime, PAYER, "SL100234", 1_00).receipt for _ in range(30)]
    assert len(set(many)) == 30

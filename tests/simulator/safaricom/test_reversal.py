"""Reversal: each payment is given back at most once."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from simulator.mobile_money.wallets import Payment, balance_of, move_money
from simulator.runtime import SimulatorRuntime
from tests.simulator.safaricom.daraja_client import call
from tests.support.replies import json_of

REVERSAL = {
    "Initiator": "dialwatt",
    "SecurityCredential": "sealed",
    "CommandID": "TransactionReversal",
    "TransactionID": "SKE1A2B3C4",
    "Amount": 500,
    "ReceiverParty": "600123",
    "RecieverIdentifierType": "11",
    "ResultURL": "http://127.0.0.1:9/result",
    "QueueTimeOutURL": "http://127.0.0.1:9/result/timeout",
    "Remarks": "Refund",
}


def pay(runtime: SimulatorRuntime, receipt: str = "SKE1A2B3C4", hours_ago: int = 0) -> None:
    at = runtime.now() - timedelta(hours=hours_ago)
    with runtime.engine.begin() as connection:
        move_money(connection, Payment(receipt, "600123", "+254711000002", "SL100234", 500_00, at))


def reverse(business: FlaskClient, **changed: object) -> tuple[int, str]:
    answer = call(business, "/mpesa/reversal/v1/request", REVERSAL | changed)
    body = json_of(answer)
    return answer.status_code, body.get("ResponseCode", body.get("errorCode"))


def result_codes(runtime: SimulatorRuntime) -> list[str]:
    with runtime.engine.connect() as connection:
        bodies = connection.execute(text("SELECT body FROM simulator.callbacks ORDER BY id"))
        return [body.split('"ResultCode": ')[1].split(",")[0] for body in bodies.scalars()]


def balance(runtime: SimulatorRuntime) -> int:
    with runtime.engine.connect() as connection:
        return balance_of(connection, "600123")


def test_a_payment_is_reversed_once_however_often_it_is_requested(
    runtime: SimulatorRuntime, business: FlaskClient
) -> None:
    pay(runtime)

    assert [reverse(business) for _ in range(3)] == [(200, "0")] * 3

    assert result_codes(runtime) == ["0", '"R000001"', '"R000001"']
    assert balance(runtime) == 0


@pytest.mark.parametrize("changed", [{"TransactionID": "SKE9999999"}, {"Amount": 499}])
def test_an_unknown_receipt_or_another_amount_is_not_reversed(
    runtime: SimulatorRuntime, business: FlaskClient, changed: dict[str, object]
) -> None:
    pay(runtime)

    assert reverse(business, **changed) == (200, "0")

    assert result_codes(runtime) == ['"R000002"']
    assert balance(runtime) == 500_00


@pytest.mark.parametrize(
    "changed",
    [{"Initiator": "other"}, {"SecurityCredential": ""}, {"CommandID": "X"}, {"ResultURL": "/"}],
)
def test_only_the_initiator_can_reverse_a_payment(
    runtime: SimulatorRuntime, business: FlaskClient, changed: dict[str, object]
) -> None:
    pay(runtime)

    assert reverse(business, **changed) == (400, "400.002.02")
    assert balance(runtime) == 500_00

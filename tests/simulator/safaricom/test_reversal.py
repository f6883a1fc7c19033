"""The business's own account at the stand-in: a receipt is reversed once, the list has pages."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from simulator.app import create_providers_app
from simulator.mobile_money.wallets import Payment, move_money
from simulator.runtime import SimulatorRuntime
from simulator.safaricom.pull_transactions import PAGE_SIZE
from tests.simulator.safaricom.daraja_client import call

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


@pytest.fixture
def business(runtime: SimulatorRuntime) -> FlaskClient:
    initiated = replace(runtime.settings, initiator="dialwatt", security_credential="sealed")
    return create_providers_app(replace(runtime, settings=initiated)).test_client()


def pay(runtime: SimulatorRuntime, receipt: str = "SKE1A2B3C4", hours_ago: int = 0) -> None:
    at = runtime.now() - timedelta(hours=hours_ago)
    with runtime.engine.begin() as connection:
        move_money(connection, Payment(receipt, "600123", "+254711000002", "SL100234", 500_00, at))


def reverse(business: FlaskClient, **changed: object) -> tuple[int, str]:
    answer = call(business, "/mpesa/reversal/v1/request", REVERSAL | changed)
    return answer.status_code, answer.json.get("ResponseCode", answer.json.get("errorCode"))


def results(runtime: SimulatorRuntime) -> list[str]:
    with runtime.engine.connect() as connection:
        bodies = connection.execute(text("SELECT body FROM simulator.callbacks ORDER BY id"))
        return [body.split('"ResultCode": ')[1].split(",")[0] for body in bodies.scalars()]


def held(runtime: SimulatorRuntime) -> int:
    with runtime.engine.connect() as connection:
        return connection.execute(
            text("SELECT balance_minor FROM simulator.wallets WHERE holder = '600123'")
        ).scalar_one()


def test_a_payment_is_given_back_once_however_often_it_is_asked(
    runtime: SimulatorRuntime, business: FlaskClient
) -> None:
    pay(runtime)

    assert [reverse(business) for _ in range(3)] == [(200, "0")] * 3

    assert results(runtime) == ["0", '"R000001"', '"R000001"']
    assert held(runtime) == 0


@pytest.mark.parametrize("changed", [{"TransactionID": "SKE9999999"}, {"Amount": 499}])
def test_what_was_never_paid_is_not_given_back(
    runtime: SimulatorRuntime, business: FlaskClient, changed: dict[str, object]
) -> None:
    pay(runtime)

    assert reverse(business, **changed) == (200, "0")

    assert results(runtime) == ['"R000002"']
    assert held(runtime) == 500_00


@pytest.mark.parametrize(
    "changed",
    [{"Initiator": "other"}, {"SecurityCredential": ""}, {"CommandID": "X"}, {"ResultURL": "/"}],
)
def test_only_the_initiator_moves_the_businesss_money(
    runtime: SimulatorRuntime, business: FlaskClient, changed: dict[str, object]
) -> None:
    pay(runtime)

    assert reverse(business, **changed) == (400, "400.002.02")
    assert held(runtime) == 500_00


def listed(
    business: FlaskClient, runtime: SimulatorRuntime, offset: int = 0, **changed: str
) -> list[str]:
    asked = {
        "ShortCode": "600123",
        "StartDate": f"{runtime.now() - timedelta(hours=72):%Y-%m-%d %H:%M:%S}",
        "EndDate": f"{runtime.now() + timedelta(hours=4):%Y-%m-%d %H:%M:%S}",
        "OffSetValue": str(offset),
    }
    answer = call(business, "/pulltransactions/v1/query", asked | changed)
    if answer.status_code != 200:
        return [answer.json["errorCode"]]
    return [row["transactionId"] for row in answer.json["Response"][0]]


def test_the_list_reaches_48_hours_back(runtime: SimulatorRuntime, business: FlaskClient) -> None:
    pay(runtime, "SKE0000001", hours_ago=49)
    pay(runtime, "SKE0000002", hours_ago=47)

    assert listed(business, runtime) == ["SKE0000002"]


def test_a_long_list_comes_in_pages(runtime: SimulatorRuntime, business: FlaskClient) -> None:
    for number in range(PAGE_SIZE + 3):
        pay(runtime, f"SKE{number:07d}")

    assert [len(listed(business, runtime, offset)) for offset in (0, PAGE_SIZE, PAGE_SIZE + 3)] == [
        PAGE_SIZE,
        3,
        0,
    ]


def test_a_list_without_times_is_refused(runtime: SimulatorRuntime, business: FlaskClient) -> None:
    assert listed(business, runtime, StartDate="today") == ["400.002.02"]
    assert listed(business, runtime, OffSetValue="x") == ["400.002.02"]

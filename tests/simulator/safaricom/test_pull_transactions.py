"""Pull transactions: the list of payments has pages and reaches 48 hours back."""

from datetime import timedelta

from flask.testing import FlaskClient

from simulator.mobile_money.wallets import Payment, move_money
from simulator.runtime import SimulatorRuntime
from simulator.safaricom.pull_transactions import PAGE_SIZE
from tests.simulator.safaricom.daraja_client import call
from tests.support.replies import json_of


def pay(runtime: SimulatorRuntime, receipt: str, hours_ago: int = 0) -> None:
    at = runtime.now() - timedelta(hours=hours_ago)
    with runtime.engine.begin() as connection:
        move_money(connection, Payment(receipt, "600123", "+254711000002", "SL100234", 500_00, at))


def listed(
    business: FlaskClient, runtime: SimulatorRuntime, offset: int = 0, **changed: str
) -> list[str]:
    period = {
        "ShortCode": "600123",
        "StartDate": f"{runtime.now() - timedelta(hours=72):%Y-%m-%d %H:%M:%S}",
        "EndDate": f"{runtime.now() + timedelta(hours=4):%Y-%m-%d %H:%M:%S}",
        "OffSetValue": str(offset),
    }
    answer = call(business, "/pulltransactions/v1/query", period | changed)
    if answer.status_code != 200:
        return [json_of(answer)["errorCode"]]
    return [payment["transactionId"] for payment in json_of(answer)["Response"][0]]


def test_the_list_reaches_48_hours_back(runtime: SimulatorRuntime, business: FlaskClient) -> None:
    pay(runtime, "SKE0000001", hours_ago=49)
    pay(runtime, "SKE0000002", hours_ago=47)

    assert listed(business, runtime) == ["SKE0000002"]


def test_a_long_list_comes_in_pages(runtime: SimulatorRuntime, business: FlaskClient) -> None:
    for number in range(PAGE_SIZE + 3):
        pay(runtime, f"SKE{number:07d}")

    offsets = (0, PAGE_SIZE, PAGE_SIZE + 3)
    sizes = [len(listed(business, runtime, offset)) for offset in offsets]
    assert sizes == [PAGE_SIZE, 3, 0]


def test_a_request_without_valid_times_or_offset_is_refused(
    runtime: SimulatorRuntime, business: FlaskClient
) -> None:
    assert listed(business, runtime, StartDate="today") == ["400.002.02"]
    assert listed(business, runtime, OffSetValue="x") == ["400.002.02"]

"""Delivery reports, as Africa's Talking posts them."""

from typing import Any
from urllib.parse import urlencode

import pytest

from gateway.sms.delivery import read_report
from tests.gateway.conftest import AMINA, Web
from tests.support.builders import insert_sms
from tests.support.scenario import Scenario

ROAD = "sms/africastalking"
REPORT = {
    "id": "ATXid_1",
    "status": "Success",
    "phoneNumber": AMINA,
    "networkCode": "63902",
    "retryCount": "0",
}


def report(web: Web, **changed: str) -> int:
    return web.post(ROAD, "delivery", data=REPORT | changed).status_code


def sent(scenario: Scenario) -> None:
    with scenario.engine.begin() as connection:
        insert_sms(connection, state="sent", provider_message_id="ATXid_1", next_attempt_at=None)


def states(scenario: Scenario) -> list[tuple[Any, ...]]:
    return scenario.rows("SELECT state, provider_status FROM sms")


def test_a_report_tells_what_became_of_a_text(web: Web, scenario: Scenario) -> None:
    sent(scenario)
    assert report(web, status="Sent") == 200
    assert states(scenario) == [("sent", "Sent")]
    assert report(web, status="Success") == 200
    assert states(scenario) == [("delivered", "Success")]


def test_a_late_or_repeated_report_never_goes_back(web: Web, scenario: Scenario) -> None:
    sent(scenario)
    for status in ("Success", "Success", "Buffered", "Failed"):
        assert report(web, status=status) == 200
    assert states(scenario) == [("delivered", "Success")]


def test_a_failure_keeps_its_reason(web: Web, scenario: Scenario) -> None:
    sent(scenario)
    assert report(web, status="Failed", failureReason="UserDoesNotExist") == 200
    assert states(scenario) == [("failed", "Failed UserDoesNotExist")]


def test_a_status_nobody_told_us_about_is_kept(web: Web, scenario: Scenario) -> None:
    sent(scenario)
    assert report(web, status="WanderedOff") == 200
    assert states(scenario) == [("sent", "WanderedOff")]


@pytest.mark.parametrize(
    "changed", [{"id": ""}, {"status": ""}, {"id": "a b"}, {"id": "x" * 101}, {"status": "é"}]
)
def test_a_report_without_its_parts_leaves_no_trace(
    web: Web, scenario: Scenario, changed: dict[str, str]
) -> None:
    before = scenario.traces()
    assert report(web, **changed) == 400
    assert scenario.traces() == before


@pytest.mark.parametrize(
    ("status", "reason", "outcome"),
    [
        ("Success", "", "delivered"),
        ("SUCCESS", "", "delivered"),
        ("Failed", "DeliveryFailure", "failed"),
        ("Failed", "SomethingNew", "failed"),
        ("AbsentSubscriber", "", "failed"),
        ("Expired", "", "failed"),
        ("Rejected", "InsufficientCredit", "failed"),
        ("Failed", "UserDoesNotExist", "hopeless"),
        ("Failed", "UserInBlackList", "hopeless"),
        ("Failed", "NotNetworkSubcriber", "hopeless"),
        ("Sent", "", None),
        ("Submitted", "", None),
        ("Buffered", "", None),
        ("WanderedOff", "UserDoesNotExist", None),
    ],
)
def test_what_a_status_means(status: str, reason: str, outcome: str | None) -> None:
    body = urlencode(REPORT | {"status": status, "failureReason": reason})
    assert read_report(body.encode()).outcome == outcome

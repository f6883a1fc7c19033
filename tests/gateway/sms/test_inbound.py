"""Incoming SMS, as Africa's Talking posts them."""

from typing import Any

import pytest

from tests.gateway.conftest import AMINA, Web
from tests.support.scenario import Scenario

ROAD = "sms/africastalking"
TEXT = {
    "date": "2026-11-24T10:00:00Z",
    "from": AMINA,
    "id": "9a1f",
    "linkId": "",
    "text": "BAL M100",
    "to": "20960",
    "networkCode": "63902",
}


@pytest.mark.parametrize("date", ["2026-11-24T10:00:00Z", "2026-11-24 10:00:00", ""])
def test_a_text_is_stored_once_whatever_its_date_looks_like(
    web: Web, scenario: Scenario, date: str
) -> None:
    for _ in range(3):
        assert web.post(ROAD, "inbound", data=TEXT | {"date": date}).status_code == 200
    assert scenario.rows("SELECT provider, provider_message_id, msisdn, body FROM inbound_sms") == [
        ("africastalking", "9a1f", AMINA, "BAL M100")
    ]


def test_a_text_may_be_empty_or_long_and_have_lines(web: Web, scenario: Scenario) -> None:
    bodies = ["", "a\r\nb", "é" * 1600]
    for number, body in enumerate(bodies):
        sent_now = TEXT | {"id": str(number), "text": body}
        assert web.post(ROAD, "inbound", data=sent_now).status_code == 200
    assert scenario.rows("SELECT body FROM inbound_sms ORDER BY id") == [(body,) for body in bodies]


@pytest.mark.parametrize(
    "changed",
    [
        {"from": ""},
        {"id": ""},
        {"text": "a" * 1601},
        {"text": "a\x00"},
    ],
)
def test_a_text_without_its_parts_leaves_no_trace(
    web: Web, scenario: Scenario, changed: dict[str, str]
) -> None:
    before = scenario.traces()
    assert web.post(ROAD, "inbound", data=TEXT | changed).status_code == 400
    assert scenario.traces() == before


@pytest.mark.parametrize(
    "sender", ["254711000001", "22141", "SAFARICOM", "+999999999", "+254202000000"]
)
def test_what_no_phone_sent_is_taken_and_dropped(web: Web, scenario: Scenario, sender: str) -> None:
    """A refusal would bring it again every minute for half a day."""
    before = scenario.traces()
    assert web.post(ROAD, "inbound", data=TEXT | {"from": sender}).status_code == 200
    assert scenario.traces() == before


def test_a_text_is_answered_once_and_the_answer_wakes_the_workers(
    web: Web, scenario: Scenario, woken: Any
) -> None:
    assert web.post(ROAD, "inbound", data=TEXT | {"text": "BAL"}).status_code == 200
    assert "sms" in woken()
    web.post(ROAD, "inbound", data=TEXT | {"text": "BAL"})
    ((number, body),) = scenario.rows("SELECT msisdn, body FROM sms")
    assert number == AMINA
    assert body.startswith("Due now KES 0. Credit KES 0.")

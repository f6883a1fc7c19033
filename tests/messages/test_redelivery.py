"""Tokens whose phone could not be reached are sent again: a few times, and never backwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest

from core.db.messages import oldest_waiting
from core.message import DeliveryOutcome, DeliveryReport, SentSms
from core.usecases.messages.send import (
    REDELIVER_AFTER,
    claim_unsent_sms,
    give_up_late_sms,
    record_delivery,
    record_sendings,
)
from tests.support.builders import insert_sms
from tests.support.cast import METER
from tests.support.scenario import NOW, Scenario


@pytest.fixture
def sending(scenario: Scenario) -> Callable[[], list[str]]:
    """A receipt with its token; `send()` hands over what waits and returns the provider's ids."""
    scenario.pay("R1", METER, 500_00)
    scenario.apply()
    numbers = count(1)

    def send() -> list[str]:
        ids = []
        with scenario.open_unit() as unit:
            give_up_late_sms(unit)
            for waiting in claim_unsent_sms(unit, 10, "at"):
                ids.append(f"ATXid_{next(numbers)}")
                record_sendings(unit, [(waiting, SentSms(ids[-1], "Success", None))], "at")
        return ids

    return send


def report(
    scenario: Scenario, message_id: str, outcome: DeliveryOutcome, status: str = "said"
) -> None:
    """A report of the provider; the same status of the same message is the same report."""
    with scenario.open_unit() as unit:
        record_delivery(unit, DeliveryReport(message_id, status, None, outcome))


def state(scenario: Scenario) -> tuple[str, int]:
    return scenario.rows("SELECT state, redeliveries FROM sms")[0]


def test_a_token_that_did_not_arrive_is_sent_again(
    scenario: Scenario, sending: Callable[[], list[str]]
) -> None:
    (first,) = sending()

    report(scenario, first, "failed")

    assert sending() == []
    scenario.ahead += REDELIVER_AFTER[0]
    (second,) = sending()
    report(scenario, second, "delivered")
    assert state(scenario) == ("delivered", 1)


def test_a_failure_that_no_waiting_cures_is_final(
    scenario: Scenario, sending: Callable[[], list[str]]
) -> None:
    (first,) = sending()

    report(scenario, first, "hopeless")

    assert state(scenario) == ("failed", 0)


def test_it_is_given_up_after_the_last_wait(
    scenario: Scenario, sending: Callable[[], list[str]]
) -> None:
    for wait in (*REDELIVER_AFTER, None):
        (message_id,) = sending()
        report(scenario, message_id, "failed")
        scenario.ahead += wait or timedelta(days=30)

    assert sending() == []
    assert state(scenario) == ("failed", len(REDELIVER_AFTER))


def test_failures_told_twice_count_once(
    scenario: Scenario, sending: Callable[[], list[str]]
) -> None:
    (first,) = sending()

    for status in ("AbsentSubscriber", "Failed", "Expired"):
        report(scenario, first, "failed", status)

    assert state(scenario) == ("waiting", 1)


def test_a_late_success_ends_the_wait(scenario: Scenario, sending: Callable[[], list[str]]) -> None:
    (first,) = sending()
    report(scenario, first, "failed")

    report(scenario, first, "delivered", "Success")

    scenario.ahead += timedelta(days=2)
    assert sending() == []
    assert state(scenario) == ("delivered", 1)


def test_a_failure_of_an_earlier_sending_does_not_touch_a_later_one(
    scenario: Scenario, sending: Callable[[], list[str]]
) -> None:
    (first,) = sending()
    report(scenario, first, "failed")
    scenario.ahead += REDELIVER_AFTER[0]
    sending()

    report(scenario, first, "hopeless", "Failed")

    assert state(scenario) == ("sent", 1)


def test_a_failure_reported_before_our_send_returned_is_tried_again_too(
    scenario: Scenario, sending: Callable[[], list[str]]
) -> None:
    report(scenario, "ATXid_1", "failed")

    assert sending() == ["ATXid_1"]

    assert state(scenario) == ("waiting", 1)


def test_a_text_without_a_token_is_not_sent_again(
    scenario: Scenario, sending: Callable[[], list[str]]
) -> None:
    sending()
    with scenario.engine.begin() as connection:
        insert_sms(connection, next_attempt_at=NOW)
    (message_id,) = sending()

    report(scenario, message_id, "failed")

    assert scenario.rows("SELECT state FROM sms WHERE kind = 'test'") == [("failed",)]


def test_a_phone_that_is_off_does_not_make_the_gateway_look_stuck(
    scenario: Scenario, sending: Callable[[], list[str]]
) -> None:
    (first,) = sending()
    report(scenario, first, "failed")

    with scenario.open_unit() as unit:
        assert oldest_waiting(unit.connection) is None


def test_a_text_whose_time_has_passed_is_not_sent(
    scenario: Scenario, sending: Callable[[], list[str]]
) -> None:
    sending()
    with scenario.engine.begin() as connection:
        insert_sms(connection, next_attempt_at=NOW, expires_at=NOW)

    assert sending() == []
    assert scenario.rows("SELECT state, provider_status FROM sms WHERE kind = 'test'") == [
        ("failed", "too_late")
    ]

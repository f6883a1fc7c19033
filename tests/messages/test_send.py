"""Texts that could not be handed over: tried again on the schedule, then given up on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, event

from core.errors import Permanent, Temporary
from core.message import DeliveryReport, SentSms, WaitingSms
from core.usecases.messages.send import (
    RETRY_AFTER,
    claim_unsent_sms,
    record_delivery,
    record_sendings,
)
from tests.support.builders import insert_sms
from tests.support.scenario import Scenario, make_scenario

STATE = "SELECT state, provider_status, next_attempt_at IS NULL FROM sms"


@pytest.fixture
def scenario(database_url: str) -> Iterator[Scenario]:
    engine = create_engine(database_url)
    scenario = make_scenario(engine)
    with engine.begin() as connection:
        insert_sms(connection)
    yield scenario
    engine.dispose()


def claimed(scenario: Scenario) -> list[WaitingSms]:
    with scenario.open_unit() as unit:
        return claim_unsent_sms(unit, 10, "at")


def test_a_temporary_failure_is_tried_again_after_each_wait_and_then_given_up(
    scenario: Scenario,
) -> None:
    for wait in RETRY_AFTER:
        (text,) = claimed(scenario)
        with scenario.open_unit() as unit:
            record_sendings(unit, [(text, Temporary("at", "407"))], "at")
        scenario.ahead += wait - timedelta(seconds=1)
        assert claimed(scenario) == []
        scenario.ahead += timedelta(seconds=1)

    (text,) = claimed(scenario)
    with scenario.open_unit() as unit:
        record_sendings(unit, [(text, Temporary("at", "407"))], "at")
    assert scenario.rows(STATE) == [("failed", "407", True)]


def test_a_permanent_failure_is_the_end_of_it(scenario: Scenario) -> None:
    (text,) = claimed(scenario)
    with scenario.open_unit() as unit:
        record_sendings(unit, [(text, Permanent("at", "406"))], "at")

    scenario.ahead += timedelta(days=30)
    assert claimed(scenario) == []
    assert scenario.rows(STATE) == [("failed", "406", True)]


def test_many_that_were_taken_are_recorded_in_as_few_round_trips_as_one(
    scenario: Scenario,
) -> None:
    with scenario.engine.begin() as connection:
        for _ in range(7):
            insert_sms(connection)
    first, *seven = claimed(scenario)
    with scenario.open_unit() as unit:
        report = DeliveryReport(f"id {seven[2].id}", "Success", None, "delivered")
        record_delivery(unit, report)

    counts = [taken_at_once(scenario, [first]), taken_at_once(scenario, seven[:2] + seven[3:])]

    assert counts[0] == counts[1]
    taken_at_once(scenario, [seven[2]])
    assert scenario.rows("SELECT state, count(*) FROM sms GROUP BY 1 ORDER BY 1") == [
        ("delivered", 1),
        ("sent", 7),
    ]


def taken_at_once(scenario: Scenario, texts: list[WaitingSms]) -> int:
    """Record that the provider took these; how many statements that took."""
    sent: list[str] = []
    with scenario.open_unit() as unit:
        event.listen(unit.connection, "before_cursor_execute", lambda *args: sent.append(args[2]))
        taken = [(text, SentSms(f"id {text.id}", "Success", None)) for text in texts]
        record_sendings(unit, taken, "at")
    return len(sent)

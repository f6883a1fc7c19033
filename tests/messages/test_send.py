"""Texts that could not be handed over: tried again on the schedule, then given up on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import create_engine

from core.errors import Permanent, Temporary
from core.message import WaitingSms
from core.usecases.messages.send import (
    RETRY_AFTER,
    claim_unsent_sms,
    sms_postponed,
    sms_refused,
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
            sms_postponed(unit, text, Temporary("at", "407"))
        scenario.ahead += wait - timedelta(seconds=1)
        assert claimed(scenario) == []
        scenario.ahead += timedelta(seconds=1)

    (text,) = claimed(scenario)
    with scenario.open_unit() as unit:
        sms_postponed(unit, text, Temporary("at", "407"))
    assert scenario.rows(STATE) == [("failed", "407", True)]


def test_a_permanent_failure_is_the_end_of_it(scenario: Scenario) -> None:
    (text,) = claimed(scenario)
    with scenario.open_unit() as unit:
        sms_refused(unit, text, Permanent("at", "406"))

    scenario.ahead += timedelta(days=30)
    assert claimed(scenario) == []
    assert scenario.rows(STATE) == [("failed", "406", True)]

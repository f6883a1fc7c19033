"""A provider that takes no texts: they wait, none is given up, and all go when it takes them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.errors import OutcomeUnknown, ProviderFailure, Temporary, Unavailable
from core.message import SentSms, WaitingSms
from core.usecases.messages.send import (
    RETRY_AFTER,
    claim_unsent_sms,
    claim_unsent_tokens,
    record_sendings,
)
from core.usecases.providers.circuit import FAILURES_TO_OPEN, PROBE_EVERY
from tests.support.builders import insert_sms
from tests.support.cast import METER
from tests.support.scenario import NOW, Scenario

EMPTY = Unavailable("at", "405")
LOST = OutcomeUnknown("at", "ReadTimeout")


def texts(scenario: Scenario, count: int, **columns: object) -> None:
    with scenario.engine.begin() as connection:
        for _ in range(count):
            insert_sms(connection, created_at=NOW, **columns)


def claim(scenario: Scenario, limit: int = 10) -> list[WaitingSms]:
    with scenario.open_unit() as unit:
        return claim_unsent_sms(unit, limit, "at")


def fail(scenario: Scenario, claimed: list[WaitingSms], failure: ProviderFailure) -> None:
    for text in claimed:
        with scenario.open_unit() as unit:
            record_sendings(unit, [(text, failure)], "at")


def succeed(scenario: Scenario, text: WaitingSms) -> None:
    with scenario.open_unit() as unit:
        record_sendings(unit, [(text, SentSms(f"ATXid_{text.id}", "Success", None))], "at")


def cases(scenario: Scenario) -> list[tuple[str, bool]]:
    return scenario.rows("SELECT kind, closed_at IS NULL FROM cases ORDER BY id")


@pytest.mark.parametrize("failure", [EMPTY, LOST])
def test_after_five_failures_in_a_row_one_text_is_tried_now_and_then(
    scenario: Scenario, failure: ProviderFailure
) -> None:
    texts(scenario, 30)
    fail(scenario, claim(scenario, FAILURES_TO_OPEN), failure)
    assert cases(scenario) == [("provider_away", True)]

    for _ in range(3):
        assert claim(scenario) == []
        scenario.ahead += PROBE_EVERY
        (probe,) = claim(scenario)
        assert claim(scenario) == []
        fail(scenario, [probe], failure)

    assert cases(scenario) == [("provider_away", True)]


def test_fewer_failures_or_an_answer_between_them_change_nothing(scenario: Scenario) -> None:
    texts(scenario, 30)
    for _ in range(3):
        fail(scenario, claim(scenario, FAILURES_TO_OPEN - 1), LOST)
        (text,) = claim(scenario, 1)
        fail(scenario, [text], Temporary("at", "407"))

    assert len(claim(scenario, 3)) == 3
    assert cases(scenario) == []


def test_when_the_account_is_topped_up_everything_goes_at_once(scenario: Scenario) -> None:
    """However long it was empty, and whatever had waited for a later attempt before."""
    texts(scenario, 3, attempts=7, next_attempt_at=NOW + timedelta(hours=12))
    texts(scenario, 20)
    fail(scenario, claim(scenario, FAILURES_TO_OPEN), EMPTY)
    for _ in range(len(RETRY_AFTER) + 5):
        scenario.ahead += timedelta(hours=1)
        fail(scenario, claim(scenario), EMPTY)

    scenario.ahead += PROBE_EVERY
    (probe,) = claim(scenario)
    succeed(scenario, probe)

    assert len(claim(scenario, 100)) == 22
    assert cases(scenario) == [("provider_away", False)]
    assert scenario.rows("SELECT count(*) FROM sms WHERE state = 'failed'") == [(0,)]


def test_one_text_that_is_never_taken_keeps_no_circuit_open(scenario: Scenario) -> None:
    """Nor where it has a token, which is sent before all others."""
    scenario.pay("R1", METER, 500_00)
    scenario.apply()
    for _ in range(FAILURES_TO_OPEN):
        fail(scenario, claim(scenario), EMPTY)
        scenario.ahead += timedelta(seconds=10)
    assert cases(scenario) == [("provider_away", True)]
    with scenario.engine.begin() as connection:
        insert_sms(connection, created_at=NOW + scenario.ahead)

    tried = []
    for _ in range(2):
        scenario.ahead += PROBE_EVERY
        (probe,) = claim(scenario)
        tried.append(probe.id)
        fail(scenario, [probe], EMPTY)

    assert len(set(tried)) == 2


def test_while_it_is_away_a_text_loses_no_attempt(scenario: Scenario) -> None:
    texts(scenario, 1)
    for _ in range(30):
        scenario.ahead += timedelta(hours=13)
        fail(scenario, claim(scenario), LOST)

    assert scenario.rows("SELECT state, attempts < 9 FROM sms") == [("waiting", True)]


def test_a_text_that_waits_for_its_phone_is_not_hastened(scenario: Scenario) -> None:
    texts(scenario, 1, redeliveries=1, next_attempt_at=NOW + timedelta(hours=6))
    texts(scenario, 6)
    fail(scenario, claim(scenario, FAILURES_TO_OPEN), EMPTY)
    scenario.ahead += PROBE_EVERY
    (probe,) = claim(scenario)
    succeed(scenario, probe)

    assert len(claim(scenario)) == 5


def test_tokens_go_first_then_receipts_then_answers_then_reminders(scenario: Scenario) -> None:
    texts(scenario, 1, dedupe_key="reminder:1:2026-11-24", body="reminder")
    texts(scenario, 1, dedupe_key="answer:at:1", body="answer")
    texts(scenario, 1, dedupe_key="receipt:1:1", body="receipt")
    scenario.pay("R1", METER, 900_00)
    scenario.apply()
    scenario.run("UPDATE sms SET body = 'token' WHERE token_id IS NOT NULL")
    scenario.run("UPDATE sms SET msisdn = '+254711000001'")

    assert [claim(scenario, 1)[0].body for _ in range(4)] == [
        *("token", "receipt", "answer", "reminder")
    ]


def test_the_lane_of_tokens_takes_nothing_else(scenario: Scenario) -> None:
    texts(scenario, 3)
    with scenario.open_unit() as unit:
        assert claim_unsent_tokens(unit, 10, "at") == []

"""A stuck row is put back for a worker, once it is clear that nothing happens twice by it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from core.db.payments import postpone
from core.db.work_queue import Kind, Waiting
from core.errors import Refused
from core.usecases.operators.retry import find_stuck, retry_stuck
from tests.support.cast import AMINA, METER
from tests.support.scenario import NOW, Scenario

LATER = NOW + timedelta(hours=1)


def replay(scenario: Scenario, kind: Kind, row_id: int, reason: str = "key was missing") -> Waiting:
    with scenario.open_unit() as unit:
        row = find_stuck(unit, kind, row_id)
        retry_stuck(unit, "wanjiru", row, reason)
    return row


def refusal(scenario: Scenario, kind: Kind, row_id: int) -> str:
    with pytest.raises(Refused) as refused:
        replay(scenario, kind, row_id)
    return refused.value.code


def insert(scenario: Scenario, sql: str, **values: Any) -> int:
    from sqlalchemy import text

    with scenario.engine.begin() as connection:
        found: int = connection.execute(text(sql), values).scalar_one()
        return found


def insert_sms(
    scenario: Scenario, state: str, next_attempt_at: None, expires_at: datetime | None = None
) -> int:
    return insert(
        scenario,
        "INSERT INTO sms (dedupe_key, kind, msisdn, body, state, segments, attempts, created_at,"
        " provider_status, next_attempt_at, expires_at) VALUES (CAST(random() AS text), 'receipt',"
        " :msisdn, 'hello', :state, 1, 9, :now, 'InsufficientBalance', :next, :expires)"
        " RETURNING id",
        msisdn=AMINA,
        state=state,
        now=NOW,
        next=next_attempt_at,
        expires=expires_at,
    )


def insert_prompt(scenario: Scenario, state: str, next_attempt_at: datetime | None) -> int:
    return insert(
        scenario,
        "INSERT INTO prompts (msisdn, account_reference, customer_id, device_id, amount_minor,"
        " state, created_at, sent_at, next_attempt_at, attempts) SELECT :msisdn, serial, owner_id,"
        " id, 100, :state, :now, :now, :next, 5 FROM devices WHERE serial = :serial RETURNING id",
        msisdn=AMINA,
        state=state,
        now=NOW,
        next=next_attempt_at,
        serial=METER,
    )


def test_a_payment_that_waits_for_its_next_try_is_applied_now(scenario: Scenario) -> None:
    payment_id = scenario.pay("R1", METER, 500_00)
    with scenario.open_unit() as unit:
        postpone(unit.connection, LATER, payment_id, "STS_VENDING_KEY_600000 is not set")
    scenario.apply()
    assert scenario.states() == ["received"]

    row = replay(scenario, "payment", payment_id)
    assert (row.why, row.attempts) == ("STS_VENDING_KEY_600000 is not set", 1)
    scenario.apply()
    assert scenario.states() == ["applied"]
    assert scenario.rows("SELECT operator, action, subject, subject_id, reason FROM audit_log") == [
        ("wanjiru", "replay", "payment", payment_id, "key was missing")
    ]
    scenario.check_invariants()


def test_what_is_done_with_or_matched_to_nothing_is_refused(scenario: Scenario) -> None:
    applied, suspense = scenario.pay("R1", METER, 500_00), scenario.pay("R2", "NOSUCH", 500_00)
    scenario.apply()
    assert refusal(scenario, "payment", applied) == "replay_settled"
    assert refusal(scenario, "payment", suspense) == "replay_suspense"
    assert refusal(scenario, "payment", 999) == "row_unknown"
    assert refusal(scenario, "prompt", insert_prompt(scenario, "paid", None)) == "replay_settled"
    assert refusal(scenario, "text", insert_sms(scenario, "delivered", None)) == "replay_settled"
    assert scenario.rows("SELECT count(*) FROM audit_log") == [(0,)]


@pytest.mark.parametrize(
    ("state", "back_in"),
    [
        ("waiting", "waiting"),
        ("pending", "pending"),
        ("unknown", "unknown"),
        ("approved", "approved"),
        ("failed", "failed"),
    ],
)
def test_a_prompt_is_looked_up_and_never_goes_back_to_be_shown_again(
    scenario: Scenario, state: str, back_in: str
) -> None:
    prompt_id = insert_prompt(scenario, state, None)
    replay(scenario, "prompt", prompt_id)
    assert scenario.rows("SELECT state, next_attempt_at FROM prompts") == [(back_in, NOW)]


def test_a_prompt_whose_sender_died_is_looked_up_but_one_being_sent_is_left_alone(
    scenario: Scenario,
) -> None:
    dead = insert_prompt(scenario, "sending", NOW - timedelta(seconds=1))
    alive = insert_prompt(scenario, "sending", NOW + timedelta(seconds=1))
    replay(scenario, "prompt", dead)
    assert refusal(scenario, "prompt", alive) == "replay_busy"
    assert scenario.rows("SELECT state FROM prompts ORDER BY id") == [("unknown",), ("sending",)]


@pytest.mark.parametrize("state", ["waiting", "failed", "unknown"])
def test_a_text_that_was_given_up_is_sent_with_the_same_words_and_all_its_tries(
    scenario: Scenario, state: str
) -> None:
    text_id = insert_sms(scenario, state, None)
    row = replay(scenario, "text", text_id)
    assert row.why == "InsufficientBalance"
    assert scenario.rows("SELECT state, attempts, next_attempt_at, body FROM sms") == [
        ("waiting", 0, NOW, "hello")
    ]


def test_a_text_whose_time_is_over_stays_unsent(scenario: Scenario) -> None:
    assert refusal(scenario, "text", insert_sms(scenario, "failed", None, NOW)) == "replay_too_late"


def test_no_reason_no_replay(scenario: Scenario) -> None:
    text_id = insert_sms(scenario, "failed", None)
    with pytest.raises(Refused, match="reason_missing"):
        replay(scenario, "text", text_id, reason=" ")
    assert scenario.rows("SELECT state FROM sms") == [("failed",)]

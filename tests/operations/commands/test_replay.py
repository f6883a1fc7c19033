"""`dialwatt replay` and `dialwatt wake`: what is stuck is named and put back, and workers are
woken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from redis import Redis
from rq import Queue, Worker
from sqlalchemy import Engine

from gateway.work_queues import QUEUES
from tests.operations.conftest import Ran
from tests.support.builders import insert_sms
from tests.support.cast import METER
from tests.support.scenario import Scenario, make_scenario


@pytest.fixture
def scenario(
    engine: Engine, environment: dict[str, str], redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> Scenario:
    """A payment whose vending key was missing an hour ago."""
    monkeypatch.setenv("REDIS_URL", redis_url)
    scenario = make_scenario(engine)
    scenario.pay("SKE1A2B3C4", METER, 500_00)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE payments SET problem = 'STS_VENDING_KEY_600000 is not set', attempts = 7,"
            " next_attempt_at = now() + interval '1 hour'"
        )
    return scenario


def waiting_jobs(redis: Redis, name: str) -> int:
    return Queue(name, connection=redis).count


def test_a_stuck_payment_is_explained_put_back_and_its_queue_woken(
    dialwatt: Callable[..., Ran],
    scenario: Scenario,
    rows: Callable[..., list[tuple[Any, ...]]],
    redis: Redis,
) -> None:
    ran = dialwatt("replay", "payment", "SKE1A2B3C4", "--reason", "the key is there now")

    assert ran.code == 0
    assert "is received, since 2026-11-24 09:00:00 UTC" in ran.out
    assert "why: STS_VENDING_KEY_600000 is not set" in ran.out
    assert "tried 7 times" in ran.out
    assert rows("SELECT attempts, next_attempt_at <= now() FROM payments") == [(0, True)]
    assert rows("SELECT action, reason FROM audit_log") == [("replay", "the key is there now")]
    assert waiting_jobs(redis, "payments") == 1


def test_only_looking_changes_nothing(
    dialwatt: Callable[..., Ran],
    scenario: Scenario,
    rows: Callable[..., list[tuple[Any, ...]]],
    redis: Redis,
) -> None:
    ran = dialwatt("replay", "payment", "SKE1A2B3C4", "--look")
    assert (ran.code, "tried 7 times" in ran.out) == (0, True)
    assert rows("SELECT attempts FROM payments") == [(7,)]
    assert rows("SELECT count(*) FROM audit_log") == [(0,)]
    assert waiting_jobs(redis, "payments") == 0


def test_without_a_reason_what_was_wrong_is_the_reason(
    dialwatt: Callable[..., Ran], scenario: Scenario, rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    dialwatt("replay", "payment", "SKE1A2B3C4")
    assert rows("SELECT reason FROM audit_log") == [("stuck: STS_VENDING_KEY_600000 is not set",)]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("payment", "NOSUCH"), "no payment with the receipt NOSUCH"),
        (("prompt", "7"), "there is no prompt 7"),
        (("text", "yesterday"), "named by its number"),
    ],
)
def test_an_unknown_row_is_refused_with_the_reason(
    dialwatt: Callable[..., Ran], scenario: Scenario, words: tuple[str, str], reason: str
) -> None:
    ran = dialwatt("replay", *words)
    assert (ran.code, ran.out) == (1, "")
    assert reason in ran.err


def test_a_payment_in_suspense_is_to_be_matched_or_refunded(
    dialwatt: Callable[..., Ran], scenario: Scenario
) -> None:
    scenario.pay("SKE1A2B3C5", "NOSUCH", 70_00)
    ran = dialwatt("replay", "payment", "SKE1A2B3C5")
    assert ran.code == 1
    assert "Match it to a device, or send it back" in ran.err


def test_wake_counts_pending_rows_and_says_when_a_queue_has_no_worker(
    dialwatt: Callable[..., Ran], scenario: Scenario, redis: Redis
) -> None:
    ran = dialwatt("wake")
    assert ran.code == 1
    assert "payments              1 waiting, 0 workers" in ran.out
    assert "start `dialwatt worker`" in ran.err
    assert [waiting_jobs(redis, name) for name in QUEUES] == [1] * len(QUEUES)


def test_wake_also_wakes_a_queue_whose_wake_up_a_dead_worker_left_set(
    dialwatt: Callable[..., Ran], scenario: Scenario, redis: Redis
) -> None:
    cast(Any, Worker(QUEUES, connection=redis)).register_birth()
    dialwatt("wake")
    redis.delete("rq:queue:payments")

    ran = dialwatt("wake")

    assert ran.code == 0
    assert "1 workers" in ran.out
    assert waiting_jobs(redis, "payments") == 1


def test_ring_without_redis_says_what_to_do(
    dialwatt: Callable[..., Ran], scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    ran = dialwatt("wake")
    assert ran.code == 1
    assert "is REDIS_URL right?" in ran.err


@pytest.fixture
def not_taken(scenario: Scenario) -> Scenario:
    """Texts that wait for hours, that were given up (one of them long ago, one too late), and one
    that waits for its phone."""
    lately, later = datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(hours=9)
    given_up = {"state": "failed", "attempts": 9, "next_attempt_at": None}
    with scenario.engine.begin() as connection:
        insert_sms(connection, body="waits", attempts=7, next_attempt_at=later)
        insert_sms(connection, body="given up", created_at=lately, **given_up)
        insert_sms(connection, body="old", created_at=lately - timedelta(days=30), **given_up)
        insert_sms(connection, body="late", created_at=lately, expires_at=lately, **given_up)
        insert_sms(connection, body="", created_at=lately, **given_up)
        insert_sms(connection, body="phone is off", redeliveries=1, next_attempt_at=later)
    return scenario


@pytest.mark.parametrize(
    ("words", "due"),
    [
        ((), {"waits"}),
        (("--failed",), {"waits", "given up"}),
        (("--failed", "--since", "2020-01-01"), {"waits", "given up", "old"}),
        (("--failed", "--look"), set()),
    ],
)
def test_all_texts_that_were_not_taken_are_put_back(
    dialwatt: Callable[..., Ran],
    not_taken: Scenario,
    rows: Callable[..., list[tuple[Any, ...]]],
    redis: Redis,
    words: tuple[str, ...],
    due: set[str],
) -> None:
    ran = dialwatt("replay", "texts", *words, "--reason", "the account is filled")

    assert ran.code == 0
    assert "1 texts wait for a later attempt" in ran.out
    found = rows("SELECT body FROM sms WHERE next_attempt_at <= now() AND attempts = 0")
    assert {body for (body,) in found} == due
    assert waiting_jobs(redis, "sms") == bool(due)
    audit = rows("SELECT action, reason, details ->> 'texts' FROM audit_log")
    assert audit == [("replay", "the account is filled", str(len(due)))] * bool(due)

"""A job whose time is up stops; what it was about is not taken for a bad payment or a bad item."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from redis import Redis
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from core.payment import ReceivedPayment
from core.unit import QueueName, Unit
from gateway.work_queues import JOBS
from tests.support.cast import METER
from tests.workers.conftest import WorkerScenario
from workers import jobs
from workers.worker import TimedWorker, make_worker


@pytest.fixture
def worker(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> TimedWorker:
    monkeypatch.setattr("workers.job_table.JOB_TIMEOUT_S", 1)
    return make_worker(redis)


def run_out_of_time(redis: Redis, worker: TimedWorker, name: QueueName) -> Job:
    redis.flushdb()
    queue = Queue(name, connection=redis, serializer=JSONSerializer)
    done = queue.enqueue(JOBS[name])
    worker.work(burst=True, logging_level="CRITICAL")
    return done


def wait_for_ever(*_: Unit | list[ReceivedPayment], **__: Any) -> None:
    """Until the alarm; a test in which it is swallowed goes on after a while, to fail."""
    threading.Event().wait(5)
    raise AssertionError("nobody ended the job")


def test_a_payment_that_was_being_applied_when_time_ran_out_waits_without_blame(
    scenario: WorkerScenario, redis: Redis, worker: TimedWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario.pay("R1", METER)
    monkeypatch.setattr("core.usecases.payments.apply._lock_and_read", wait_for_ever)

    done = run_out_of_time(redis, worker, "payments")

    assert done.is_failed
    assert scenario.rows("SELECT state, attempts, problem FROM payments") == [("received", 0, None)]


def test_a_result_that_was_being_recorded_when_time_ran_out_ends_the_job(
    scenario: WorkerScenario,
    redis: Redis,
    worker: TimedWorker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    scenario.pay("R1", METER)
    jobs.apply_payments()
    monkeypatch.setattr(jobs, "record_sendings", wait_for_ever)

    done = run_out_of_time(redis, worker, "sms")

    assert done.is_failed
    assert "comes up again" not in caplog.text

"""A stranger who can write to Redis can still not make a worker run anything of theirs."""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Callable
from typing import Any, cast

import pytest
from redis import Redis
from rq import Callback, Queue
from rq.serializers import JSONSerializer

from gateway.work_queues import JOBS, WorkQueues
from tests.support.cast import METER
from tests.workers.conftest import WorkerScenario
from workers import jobs
from workers.worker import TABLE, make_worker, refuse_job

PAYMENTS = "workers.jobs.apply_payments"
called: list[object] = []


def remember(*given: object) -> None:
    """Stands for whatever a stranger would have run."""
    called.append(given)


THIS = f"{remember.__module__}.{remember.__qualname__}"


class Pickled:
    def __reduce__(self) -> Any:
        return remember, ("pickle",)


def put(redis: Redis, function: str, *given: object, **options: object) -> str:
    queue = Queue("payments", connection=redis, serializer=JSONSerializer)
    return str(queue.enqueue(function, *given, **options).id)


def garble(redis: Redis, field: str, value: bytes) -> str:
    job_id = put(redis, PAYMENTS)
    redis.hset(f"rq:job:{job_id}", field, value)
    return job_id


def with_id(redis: Redis, job_id: bytes) -> str:
    redis.rpush("rq:queue:payments", job_id)
    redis.rpush("rq:queue:payments:intermediate", job_id)
    redis.zadd("rq:wip:payments", {job_id: 1})
    return job_id.decode(errors="replace")


FORGED: dict[str, Callable[[Redis], str]] = {
    "a command": lambda redis: put(redis, "os.system", "true"),
    "any function": lambda redis: put(redis, THIS, "argument"),
    "our job with an argument": lambda redis: put(redis, PAYMENTS, 7),
    "our job with a named argument": lambda redis: put(redis, PAYMENTS, worker=7),
    "the job of another queue": lambda redis: put(redis, "workers.jobs.send_sms"),
    "a pickle": lambda redis: garble(redis, "data", zlib.compress(pickle.dumps(Pickled()))),
    "a bomb": lambda redis: garble(redis, "data", zlib.compress(bytes(10_000_000))),
    "a bad status": lambda redis: garble(redis, "status", b"owned"),
    "a queue that is not served": lambda redis: garble(redis, "origin", b"sms"),
    "a bad id": lambda redis: with_id(redis, b"../" * 9),
    "an id that is no text": lambda redis: with_id(redis, b"\xff\xfe"),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_job_is_refused_and_the_next_payment_is_applied(
    scenario: WorkerScenario, redis: Redis, redis_url: str, case: str
) -> None:
    refused: list[str] = []
    called.clear()
    job_id = FORGED[case](redis)
    scenario.pay("R1", METER)
    WorkQueues(redis_url).wake(["payments"])

    make_worker(redis, ["payments"], refused.append).work(burst=True, logging_level="CRITICAL")

    assert len(refused) == 1
    assert called == []
    assert not redis.exists(f"rq:job:{job_id}", "rq:queue:payments:intermediate")
    assert scenario.states() == ["applied"]


def test_callbacks_webhooks_and_limits_of_a_job_are_not_looked_at(
    scenario: WorkerScenario, redis: Redis
) -> None:
    called.clear()
    job_id = put(
        redis, PAYMENTS, on_success=Callback(THIS), on_failure=Callback(THIS), job_timeout=-1
    )
    redis.hset(f"rq:job:{job_id}", "webhooks", b'[{"url": "http://127.0.0.1:9", "status": "x"}]')
    seen: list[object] = []
    worker = make_worker(redis, ["payments"], seen.append)
    fetched = worker.job_class.fetch(job_id, redis, JSONSerializer)

    worker.work(burst=True, logging_level="CRITICAL")

    assert (called, seen) == ([], [])
    assert (fetched.webhooks, fetched.timeout, fetched.result_ttl) == ([], 600, 0)


def test_a_refusal_is_logged_counted_and_shown_to_an_operator(
    scenario: WorkerScenario, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        refuse_job(cast(Any, jobs).runtime(), "os.system ['id'] {} in payments")

    assert "os.system" in caplog.text
    assert redis.hgetall("event_counters") == {b"refused_job job": b"2"}
    assert scenario.cases() == [("foreign_job", True)]


def test_the_table_has_the_job_that_each_queue_is_woken_with() -> None:
    assert {name: f"{job.__module__}.{job.__qualname__}" for name, job in TABLE.items()} == JOBS

"""Wake-ups: one job a queue at a time, none lost while a job runs, and no caller waits."""

import logging

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from gateway.work_queues import QUEUES, WorkQueues
from operations.embedded.services import Services
from tests.support.standins import closed_port_url


def jobs(redis: Redis, name: str) -> list[str | None]:
    return [job.func_name for job in Queue(name, connection=redis, serializer=JSONSerializer).jobs]


def test_each_queue_has_its_job(redis: Redis, redis_url: str) -> None:
    queues = WorkQueues(redis_url)
    queues.wake(QUEUES)
    assert {name: jobs(redis, name) for name in QUEUES} == {
        "payments": ["workers.jobs.apply_payments"],
        "prompts": ["workers.jobs.prompt_payers"],
        "sms": ["workers.jobs.send_sms"],
        "vends": ["workers.vends.ask_vendors"],
        "reconciliation": ["workers.reconciliation.reconcile"],
    }


def test_a_job_carries_nothing_and_leaves_nothing(redis: Redis, redis_url: str) -> None:
    WorkQueues(redis_url).wake(["payments"])
    (job,) = Queue("payments", connection=redis, serializer=JSONSerializer).jobs
    assert (list(job.args), job.kwargs, job.result_ttl) == ([], {}, 0)


def test_waking_again_adds_nothing_until_the_wake_up_is_cleared(
    redis: Redis, redis_url: str, services: Services
) -> None:
    queues = WorkQueues(redis_url)
    for _ in range(3):
        queues.wake(["payments"])
    assert len(jobs(redis, "payments")) == 1
    WorkQueues(services.redis_url_of("worker")).clear_wake("payments")
    queues.wake(["payments"])
    assert len(jobs(redis, "payments")) == 2


def test_a_wake_up_that_no_job_clears_expires(redis: Redis, redis_url: str) -> None:
    WorkQueues(redis_url).wake(["payments"])
    assert 0 < redis.ttl("wake:payments") <= 5


def test_without_redis_it_is_left_to_the_schedule(caplog: pytest.LogCaptureFixture) -> None:
    queues = WorkQueues(closed_port_url().replace("http", "redis"))
    with caplog.at_level(logging.WARNING):
        queues.wake(["payments"])
        queues.clear_wake("payments")
    assert "could not wake the workers of payments" in caplog.text

"""The doorbell: one bell at a time, none lost while a job runs, and no caller held up."""

import logging

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from gateway.ring import QUEUES, Doorbell
from tests.support.standins import closed_port_url


def jobs(redis: "Redis[bytes]", name: str) -> list[str]:
    return [job.func_name for job in Queue(name, connection=redis, serializer=JSONSerializer).jobs]


def test_each_queue_has_its_job(redis: "Redis[bytes]", redis_url: str) -> None:
    bell = Doorbell(redis_url)
    for name in QUEUES:
        bell.ring(name)
    assert {name: jobs(redis, name) for name in QUEUES} == {
        "payments": ["workers.jobs.apply_payments"],
        "prompts": ["workers.jobs.prompt_payers"],
        "texts": ["workers.jobs.send_texts"],
        "money_back": ["workers.money_back.reconcile"],
    }


def test_a_job_carries_nothing_and_leaves_nothing(redis: "Redis[bytes]", redis_url: str) -> None:
    Doorbell(redis_url).ring("payments")
    (job,) = Queue("payments", connection=redis, serializer=JSONSerializer).jobs
    assert (list(job.args), job.kwargs, job.result_ttl) == ([], {}, 0)


def test_ringing_again_adds_nothing_until_the_bell_is_answered(
    redis: "Redis[bytes]", redis_url: str
) -> None:
    bell = Doorbell(redis_url)
    for _ in range(3):
        bell.ring("payments")
    assert len(jobs(redis, "payments")) == 1
    bell.answered("payments")
    bell.ring("payments")
    assert len(jobs(redis, "payments")) == 2


def test_a_bell_nobody_answers_rings_again_by_itself(redis: "Redis[bytes]", redis_url: str) -> None:
    Doorbell(redis_url).ring("payments")
    assert 0 < redis.ttl("bell:payments") <= 5


def test_without_redis_it_is_left_to_the_schedule(caplog: pytest.LogCaptureFixture) -> None:
    bell = Doorbell(closed_port_url().replace("http", "redis"))
    with caplog.at_level(logging.WARNING):
        bell.ring("payments")
        bell.answered("payments")
    assert "could not ring for payments" in caplog.text

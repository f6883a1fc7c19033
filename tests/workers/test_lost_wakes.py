"""Redis flushed or gone: what was committed is found by the schedule's next sweep."""

from __future__ import annotations

from redis import Redis

from gateway.work_queues import WorkQueues
from tests.support.cast import METER
from tests.support.standins import closed_port_url
from tests.workers.conftest import WorkerScenario
from workers.schedule import Schedule
from workers.worker import make_worker


def test_a_payment_whose_wake_up_was_lost_is_applied_after_the_next_sweep(
    scenario: WorkerScenario, redis: Redis, redis_url: str
) -> None:
    queues = WorkQueues(redis_url)
    scenario.pay("R1", METER)
    queues.wake(["payments"])
    redis.flushall()
    scenario.pay("R2", METER)
    WorkQueues(closed_port_url().replace("http", "redis")).wake(["payments"])

    Schedule(scenario.open_unit, queues).sweep()
    make_worker(redis).work(burst=True, logging_level="CRITICAL")

    assert scenario.rows("SELECT receipt, state FROM payments ORDER BY id") == [
        ("R1", "applied"),
        ("R2", "applied"),
    ]

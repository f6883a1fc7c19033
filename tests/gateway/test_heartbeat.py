"""Heartbeats: recorded for the schedule, sent by a thread for a worker, and old after a while."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event

from redis import Redis, RedisError
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from gateway.heartbeat import (
    HEARTBEAT_MAX_AGE,
    last_heartbeat,
    live_workers,
    record_heartbeat,
    sending_heartbeats,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_the_schedules_last_heartbeat_is_kept_for_a_while(redis: Redis) -> None:
    assert last_heartbeat(redis) is None
    record_heartbeat(redis, NOW)
    record_heartbeat(redis, NOW + timedelta(seconds=5))
    assert last_heartbeat(redis) == NOW + timedelta(seconds=5)
    assert 0 < redis.ttl("heartbeat:schedule") <= 300


def test_a_worker_without_a_recent_heartbeat_is_not_alive(redis: Redis) -> None:
    worker = SimpleWorker(["payments"], connection=redis, serializer=JSONSerializer)
    register: Callable[[], object] = worker.register_birth
    register()
    now = datetime.now(UTC)
    assert live_workers(redis, now).by_queue["payments"] == 1
    late = live_workers(redis, now + HEARTBEAT_MAX_AGE + timedelta(seconds=1))
    assert (late.alive, late.by_queue["payments"]) == (0, 0)
    assert late.last_heartbeat is not None


def test_heartbeats_go_on_after_redis_was_away() -> None:
    outcomes, sent_twice = [RedisError("away")], Event()

    def send() -> None:
        if outcomes:
            raise outcomes.pop()
        sent_twice.set()

    with sending_heartbeats(send, every_s=0.001):
        assert sent_twice.wait(10)

"""Heartbeats of the worker and schedule processes, in Redis, and how old a valid one may be.

RQ itself records a worker's heartbeat only between jobs, and no more often than every 45 seconds;
`sending_heartbeats` adds one every 5 seconds from a thread of its own.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Thread

from redis import Redis, RedisError
from rq import Worker

log = logging.getLogger(__name__)

HEARTBEAT_EVERY_S = 5.0
# Six heartbeats of a worker, or six sweeps of the schedule, may be missed.
HEARTBEAT_MAX_AGE = timedelta(seconds=30)

_SCHEDULE_KEY = "heartbeat:schedule"


@dataclass(frozen=True, slots=True)
class LiveWorkers:
    """The number of live workers, how many of them serve each queue, and the newest heartbeat."""

    alive: int
    by_queue: Counter[str]
    last_heartbeat: datetime | None


def live_workers(redis: Redis, now: datetime) -> LiveWorkers:
    """The workers with a heartbeat of the last 30 seconds. Raises RedisError."""
    heartbeats = {worker: worker.last_heartbeat for worker in Worker.all(connection=redis)}
    alive = [worker for worker, at in heartbeats.items() if at and now - at <= HEARTBEAT_MAX_AGE]
    return LiveWorkers(
        len(alive),
        Counter(queue for worker in alive for queue in worker.queue_names()),
        max((at for at in heartbeats.values() if at), default=None),
    )


def record_heartbeat(redis: Redis, now: datetime) -> None:
    """Store the schedule's heartbeat. Raises RedisError."""
    redis.set(_SCHEDULE_KEY, now.isoformat(), ex=int(HEARTBEAT_MAX_AGE.total_seconds()) * 10)


def last_heartbeat(redis: Redis) -> datetime | None:
    """The schedule's last heartbeat; None when there was none in 5 minutes. Raises RedisError."""
    stored = redis.get(_SCHEDULE_KEY)
    if stored is None:
        return None
    return datetime.fromisoformat(stored if isinstance(stored, str) else stored.decode())


@contextmanager
def sending_heartbeats(
    send: Callable[[], object], every_s: float = HEARTBEAT_EVERY_S
) -> Iterator[None]:
    """Call `send` every `every_s` seconds from a thread while the block runs.

    A RedisError is logged, and `send` is called again at the next interval.
    """
    stopped = Event()

    def send_until_stopped() -> None:
        while not stopped.wait(every_s):
            try:
                send()
            except RedisError as error:
                log.warning("the heartbeat was not sent: %s", error)

    thread = Thread(target=send_until_stopped, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()

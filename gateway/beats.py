"""Signs of life of the other processes, in Redis: how old a living one's may be."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from redis import Redis
from rq import Worker

# Six beats of a worker or six sweeps of the schedule may be missed.
OLDEST = timedelta(seconds=30)

_SCHEDULE = "beat:schedule"


@dataclass(frozen=True, slots=True)
class LivingWorkers:
    """How many workers live, how many serve each queue, and when one was last heard of."""

    alive: int
    by_queue: Counter[str]
    heard_at: datetime | None


def living_workers(redis: Redis, now: datetime) -> LivingWorkers:
    """The workers that gave a sign of life lately. Raises RedisError."""
    beats = {one: one.last_heartbeat for one in Worker.all(connection=redis)}
    alive = [one for one, at in beats.items() if at and now - at <= OLDEST]
    return LivingWorkers(
        len(alive),
        Counter(queue for worker in alive for queue in worker.queue_names()),
        max((at for at in beats.values() if at), default=None),
    )


def schedule_lives(redis: Redis, now: datetime) -> None:
    """The schedule's sign of life. Raises RedisError."""
    redis.set(_SCHEDULE, now.isoformat(), ex=int(OLDEST.total_seconds()) * 10)


def schedule_lived_at(redis: Redis) -> datetime | None:
    """When the schedule last gave one; None when that is long ago. Raises RedisError."""
    found = redis.get(_SCHEDULE)
    if found is None:
        return None
    return datetime.fromisoformat(found if isinstance(found, str) else found.decode())

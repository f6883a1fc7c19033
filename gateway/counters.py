"""Counters of events, in Redis so that all web processes count together.

Best effort with short time-outs: a count may be lost, a callback never.
"""

from __future__ import annotations

import logging

from redis import Redis, RedisError

log = logging.getLogger(__name__)

_KEY = "event_counters"


class EventCounters:
    """How often each source of events (an endpoint, a queue's wake-ups) had each outcome."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def count(self, source: str, outcome: str) -> None:
        """Count one event. Logged and dropped when Redis cannot be reached."""
        try:
            self._redis.hincrby(_KEY, f"{source} {outcome}", 1)
        except RedisError as error:
            log.warning("not counted: %s %s (%s)", source, outcome, error)

    def read(self) -> dict[tuple[str, str], int]:
        """The counts by (source, outcome). Raises RedisError."""
        counts: dict[tuple[str, str], int] = {}
        for field, count in self._redis.hgetall(_KEY).items():
            name = field if isinstance(field, str) else field.decode()
            source, _, outcome = name.partition(" ")
            counts[source, outcome] = int(count)
        return counts

"""Counters of the gateway's endpoints, in Redis so that all web processes count together.

Best effort with tiny time-outs: a lost count is a lost count, never a lost callback.
"""

from __future__ import annotations

import logging

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

_KEY = "tally"
_TIMEOUT_S = 0.3


def impatient_redis(redis_url: str) -> Redis:
    """A Redis client for what must not hold up a caller: 0.3 s, and no second try."""
    return Redis.from_url(
        redis_url,
        socket_timeout=_TIMEOUT_S,
        socket_connect_timeout=_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )


class Tally:
    """How often each endpoint gave each outcome."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def count(self, name: str, outcome: str) -> None:
        """One more; forgotten when Redis is away."""
        try:
            self._redis.hincrby(_KEY, f"{name} {outcome}", 1)
        except RedisError as error:
            log.warning("not counted: %s %s (%s)", name, outcome, error)

    def read(self) -> dict[tuple[str, str], int]:
        """The counts by (name, outcome). Raises RedisError."""
        counts: dict[tuple[str, str], int] = {}
        for field, count in self._redis.hgetall(_KEY).items():
            written = field if isinstance(field, str) else field.decode()
            name, _, outcome = written.partition(" ")
            counts[name, outcome] = int(count)
        return counts

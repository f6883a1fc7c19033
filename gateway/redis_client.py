"""The Redis client of everything that must not keep a caller waiting."""

from __future__ import annotations

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

_TIMEOUT_S = 0.3


def fail_fast_redis(redis_url: str) -> Redis:
    """A Redis client that gives up after 0.3 seconds and does not retry."""
    return Redis.from_url(
        redis_url,
        socket_timeout=_TIMEOUT_S,
        socket_connect_timeout=_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )

"""Where people give up: how sessions ended, counted by day, last screen and outcome.

Counted from the aggregator's end-of-session events, once a session though an event may come twice.
"""

from __future__ import annotations

from datetime import date
from typing import cast

from redis import Redis

_KEPT_S = 90 * 24 * 3600
_COUNTED_S = 24 * 3600


def count_end(redis: Redis, ussd_session: str, screen: str, status: str, today: date) -> None:
    """Count one ended session. `status` is the aggregator's word."""
    if not redis.set(f"ussd:ended:{ussd_session}", 1, nx=True, ex=_COUNTED_S):
        return
    with redis.pipeline() as pipe:
        pipe.hincrby(_key(today), f"{screen} {status}", 1)
        pipe.expire(_key(today), _KEPT_S)
        pipe.execute()


def ends_on(redis: Redis, day: date) -> dict[tuple[str, str], int]:
    """How many sessions ended on that day (UTC), by (screen, status)."""
    counted = cast("dict[bytes, bytes]", redis.hgetall(_key(day)))
    return {_split(field): int(count) for field, count in counted.items()}


def _key(day: date) -> str:
    return f"ussd:ends:{day.isoformat()}"


def _split(field: bytes) -> tuple[str, str]:
    screen, _, status = field.decode().partition(" ")
    return screen, status

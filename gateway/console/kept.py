"""Figures that are dear to work out, kept in Redis for a while. Without Redis they are worked out
each time."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from redis import Redis, RedisError

log = logging.getLogger(__name__)


def kept(
    redis: Redis, name: str, seconds: int, work_out: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """What `work_out` gave at most so many seconds ago, as JSON gives it back."""
    key = f"console:{name}"
    try:
        if found := redis.get(key):
            stored: dict[str, Any] = json.loads(found)
            return stored
    except RedisError as error:
        log.warning("console: %s not read (%s)", name, error)
    made = work_out()
    try:
        redis.set(key, json.dumps(made), ex=seconds)
    except RedisError as error:
        log.warning("console: %s not kept (%s)", name, error)
    return made

"""Figures that take long to compute, cached in Redis. Without Redis they are computed each time."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from redis import Redis, RedisError

log = logging.getLogger(__name__)


def cached(
    redis: Redis, name: str, seconds: int, compute: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """Return the result of `compute`, at most that many seconds old, as JSON represents it."""
    key = f"console:{name}"
    try:
        if found := redis.get(key):
            stored: dict[str, Any] = json.loads(found)
            return stored
    except RedisError as error:
        log.warning("console: cannot read %s from the cache (%s)", name, error)
    computed = compute()
    try:
        redis.set(key, json.dumps(computed), ex=seconds)
    except RedisError as error:
        log.warning("console: cannot write %s to the cache (%s)", name, error)
    return computed

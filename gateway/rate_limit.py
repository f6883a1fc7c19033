"""A provider's rate limit, for all workers together: each call takes the next free instant.

The instants are kept in Redis, by its clock. A call that would wait more than ten seconds, or finds
Redis away, is not made: Temporary, and the prompt is looked up later.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from redis import Redis, RedisError

from core.errors import Temporary

_LONGEST_US = 10_000_000
_RESERVE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local at = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
if at - now <= tonumber(ARGV[2]) then
    redis.call('SET', KEYS[1], string.format('%.0f', at + ARGV[1]), 'PX', 60000)
end
return {string.format('%.0f', at), string.format('%.0f', now)}
"""


class RateLimit:
    """At least `every_s` seconds between two calls to `provider`. May be shared by threads."""

    def __init__(
        self,
        redis: Redis,
        provider: str,
        every_s: float,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._reserve = redis.register_script(_RESERVE)
        self._provider = provider
        self._every_us = int(every_s * 1_000_000)
        self._sleep = sleep

    def wait(self) -> None:
        """Return when it is this caller's turn. Raises Temporary."""
        at_us, now_us = self.reserve()
        if at_us - now_us > _LONGEST_US:
            raise Temporary(self._provider, "rate_limited")
        self._sleep((at_us - now_us) / 1_000_000)

    def reserve(self) -> tuple[int, int]:
        """Take the next free instant; returns it and now, in microseconds of Redis's clock. An
        instant too far off is not taken. Raises Temporary."""
        try:
            key = f"rate_limit:{self._provider}"
            at_us, now_us = self._reserve(keys=[key], args=[self._every_us, _LONGEST_US])
        except RedisError as error:
            raise Temporary(self._provider, "rate_limited", str(error)) from error
        return int(at_us), int(now_us)

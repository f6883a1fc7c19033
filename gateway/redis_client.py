"""The Redis client of everything that must not keep a caller waiting, and its circuit.

A Redis that hangs would cost every callback its time-out, some of them several times. So after the
first time-out all clients of this process give up at once, until Redis answers a probe.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from threading import Lock, Thread
from time import sleep
from typing import Any, TypeVar

from redis import Redis, RedisError
from redis import TimeoutError as RedisTimeout
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

T = TypeVar("T")

# Redis answers in fractions of a millisecond. With the rest of a callback this stays under 0.1 s.
TIMEOUT_S = 0.08
_PROBE_EVERY_S = 0.1


def fail_fast_redis(redis_url: str) -> Redis:
    """A Redis client that gives up after 0.08 seconds, or at once while Redis is known not to
    answer, and does not retry."""
    return _client(redis_url, _CircuitRetry(circuit_of(redis_url)))


def _client(redis_url: str, retry: Retry) -> Redis:
    return Redis.from_url(
        redis_url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, retry=retry
    )


@cache
def circuit_of(redis_url: str) -> RedisCircuit:
    """The circuit of this process for that server."""
    return RedisCircuit(lambda: _client(redis_url, Retry(NoBackoff(), 0)).ping())


class RedisCircuit:
    """Open from a time-out until `probe` succeeds, which a thread tries in the meantime."""

    def __init__(self, probe: Callable[[], object], every_s: float = _PROBE_EVERY_S) -> None:
        self.is_open = False
        self._probe = probe
        self._every_s = every_s
        self._lock = Lock()

    def trip(self) -> None:
        """Redis did not answer in time."""
        with self._lock:
            if self.is_open:
                return
            self.is_open = True
        log.error("Redis does not answer; no call waits for it until it does")
        Thread(target=self._watch, name="redis-probe", daemon=True).start()

    def _watch(self) -> None:
        while True:
            try:
                self._probe()
            except RedisError:
                sleep(self._every_s)
            else:
                break
        self.is_open = False
        log.warning("Redis answers again")


class _CircuitRetry(Retry):
    """No retry at all; redis-py calls it around every command and every connect."""

    def __init__(self, circuit: RedisCircuit) -> None:
        super().__init__(NoBackoff(), 0)
        self._circuit = circuit

    def __deepcopy__(self, memo: object) -> _CircuitRetry:
        """Connections copy it; the circuit stays one."""
        return _CircuitRetry(self._circuit)

    def call_with_retry(self, do: Callable[[], T], *handlers: Any, **named: Any) -> T:
        if self._circuit.is_open:
            raise RedisTimeout("Redis did not answer a moment ago")
        try:
            return super().call_with_retry(do, *handlers, **named)
        except RedisTimeout:
            self._circuit.trip()
            raise

"""Counters of one process, for the time in which Redis cannot be reached."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock

_KEPT_S = 3600
# The oldest are dropped beyond it: a flood of names must not fill the memory.
_KEYS_MAX = 10_000


@dataclass(slots=True)
class _Counter:
    count: int = 0
    forgotten_at: float = 0.0
    delayed_until: float = 0.0


class ProcessCounters:
    """Counters and delays, as `gateway.console.attempts.Counters`. `seconds` is a clock that only
    goes forward."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._lock = seconds, Lock()
        self._counters: OrderedDict[str, _Counter] = OrderedDict()

    def left_s(self, keys: Sequence[str]) -> int:
        now = self._seconds()
        with self._lock:
            found = [self._counters[key] for key in keys if key in self._counters]
        return max([0, *(int(-(-(counter.delayed_until - now) // 1)) for counter in found)])

    def count(self, keys: Sequence[str]) -> list[int]:
        with self._lock:
            return [self._count(key) for key in keys]

    def _count(self, key: str) -> int:
        now = self._seconds()
        counter = self._counters.setdefault(key, _Counter())
        self._counters.move_to_end(key)
        if now > counter.forgotten_at:
            counter.count = 0
        counter.count, counter.forgotten_at = counter.count + 1, now + _KEPT_S
        while len(self._counters) > _KEYS_MAX:
            self._counters.popitem(last=False)
        return counter.count

    def delay(self, key: str, seconds: int) -> bool:
        now = self._seconds()
        with self._lock:
            counter = self._counters.setdefault(key, _Counter())
            if counter.delayed_until > now:
                return False
            counter.delayed_until = now + seconds
        return True

    def forget(self, key: str) -> None:
        with self._lock:
            self._counters.pop(key, None)

    def uncount(self, keys: Sequence[str]) -> None:
        with self._lock:
            for counter in (self._counters[key] for key in keys if key in self._counters):
                counter.count -= 1

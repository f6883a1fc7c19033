"""Where people give up: how often each screen was shown and answered, and how sessions ended.

Shown and answered are counted by ourselves, whatever the aggregator; what was shown and never
answered is where somebody left. Some aggregators also tell how a session ended; an event that comes
twice counts once. All by day (UTC), kept for 90 days, and never by person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import cast

from redis import Redis

KEPT_S = 90 * 24 * 3600
_COUNTED_S = 24 * 3600
SHOWN, ANSWERED = "shown", "answered"
Counts = dict[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class DropOff:
    """One screen: how often it asked for an answer and got one, and how often an aggregator told
    that a session ended there, by its own words (only those that tell)."""

    screen: str
    shown: int
    answered: int
    ended: Mapping[str, int]

    @property
    def left(self) -> int:
        """Never below zero, though an answer may come on the day after the question."""
        return max(self.shown - self.answered, 0)

    @property
    def share(self) -> float:
        """The part of those who saw it that left there, 0 to 1."""
        return self.left / self.shown


def count_end(redis: Redis, ussd_session: str, screen: str, status: str, today: date) -> None:
    """Count one ended session. `status` is the aggregator's word."""
    if not redis.set(f"ussd:ended:{ussd_session}", 1, nx=True, ex=_COUNTED_S):
        return
    key = f"ussd:ends:{today.isoformat()}"
    with redis.pipeline() as pipe:
        pipe.hincrby(key, f"{screen} {status}", 1)
        pipe.expire(key, KEPT_S)
        pipe.execute()


def ends_on(redis: Redis, day: date) -> Counts:
    """How many sessions ended on that day, by (screen, status)."""
    return _read(redis, f"ussd:ends:{day.isoformat()}")


def screens_key(day: date) -> str:
    """The hash that counts SHOWN and ANSWERED; who stores a turn counts in the same trip."""
    return f"ussd:screens:{day.isoformat()}"


def screens_on(redis: Redis, day: date) -> Counts:
    """How often screens that ask were shown and answered on that day: by (screen, SHOWN or
    ANSWERED)."""
    return _read(redis, screens_key(day))


def drop_off(redis: Redis, days: Collection[date]) -> list[DropOff]:
    """Every screen that was shown on those days, the one most often left first.

    Somebody who is just reading counts as having left until they answer.
    """
    screens = _sum(screens_on(redis, day) for day in days)
    ends = _sum(ends_on(redis, day) for day in days)
    found = [
        DropOff(screen, shown, screens[screen, ANSWERED], _at(screen, ends))
        for (screen, what), shown in screens.items()
        if what == SHOWN
    ]
    return sorted(found, key=lambda one: (-one.left, one.screen))


def _sum(counted: Iterable[Counts]) -> Counter[tuple[str, str]]:
    return sum((Counter(one) for one in counted), Counter())


def _at(screen: str, ends: Counts) -> dict[str, int]:
    return {status: count for (where, status), count in ends.items() if where == screen}


def _read(redis: Redis, key: str) -> Counts:
    counted = cast("dict[bytes, bytes]", redis.hgetall(key))
    split = ((field.decode().partition(" "), count) for field, count in counted.items())
    return {(screen, what): int(count) for (screen, _, what), count in split}

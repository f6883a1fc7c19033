"""Where callers leave: how often each screen was shown and answered, and how sessions ended.

We count shown and answered screens ourselves, for every aggregator; a screen that was shown and
never answered is where a caller left. Some aggregators also report how a session ended; a report
that comes twice counts once. Counts are kept by day (UTC) for 90 days, and never by caller.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import cast

from redis import Redis

RETENTION_S = 90 * 24 * 3600
_REPORT_TTL_S = 24 * 3600
SHOWN, ANSWERED = "shown", "answered"
Counts = dict[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class DropOff:
    """How often one screen asked for an answer and got one, and how often an aggregator reported
    that a session ended there, by its status word (empty for aggregators that report nothing)."""

    screen: str
    shown: int
    answered: int
    ended: Mapping[str, int]

    @property
    def left(self) -> int:
        """How often callers left here; never below zero, though an answer may come on the day
        after the question."""
        return max(self.shown - self.answered, 0)

    @property
    def share(self) -> float:
        """The share of callers who left here, 0 to 1."""
        return self.left / self.shown


def count_end(redis: Redis, session_key: str, screen: str, status: str, today: date) -> None:
    """Count one ended session. `status` is the aggregator's word for how it ended."""
    if not redis.set(f"ussd:ended:{session_key}", 1, nx=True, ex=_REPORT_TTL_S):
        return
    key = f"ussd:ends:{today.isoformat()}"
    with redis.pipeline() as pipe:
        pipe.hincrby(key, f"{screen} {status}", 1)
        pipe.expire(key, RETENTION_S)
        pipe.execute()


def ends_on(redis: Redis, day: date) -> Counts:
    """How many sessions ended on that day, by (screen, status)."""
    return _read_counts(redis, f"ussd:ends:{day.isoformat()}")


def screens_key(day: date) -> str:
    """The Redis hash that counts SHOWN and ANSWERED. Storing a turn updates it in the same trip."""
    return f"ussd:screens:{day.isoformat()}"


def screens_on(redis: Redis, day: date) -> Counts:
    """How often screens that ask were shown and answered on that day, by (screen, SHOWN or
    ANSWERED)."""
    return _read_counts(redis, screens_key(day))


def drop_off(redis: Redis, days: Collection[date]) -> list[DropOff]:
    """Every screen that was shown on those days, those where most callers left first.

    A caller who is still reading counts as having left until the answer comes.
    """
    screens = _sum_of_days(screens_on(redis, day) for day in days)
    ends = _sum_of_days(ends_on(redis, day) for day in days)
    found = [
        DropOff(screen, shown, screens[screen, ANSWERED], _ends_at(screen, ends))
        for (screen, event), shown in screens.items()
        if event == SHOWN
    ]
    return sorted(found, key=lambda screen: (-screen.left, screen.screen))


def _sum_of_days(counts_by_day: Iterable[Counts]) -> Counter[tuple[str, str]]:
    return sum((Counter(counts) for counts in counts_by_day), Counter())


def _ends_at(screen: str, ends: Counts) -> dict[str, int]:
    return {status: count for (where, status), count in ends.items() if where == screen}


def _read_counts(redis: Redis, key: str) -> Counts:
    counted = cast("dict[bytes, bytes]", redis.hgetall(key))
    split = ((field.decode().partition(" "), count) for field, count in counted.items())
    return {(screen, event): int(count) for (screen, _, event), count in split}

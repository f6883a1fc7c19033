"""The figures of today for an operator: money, tokens, pending work, and trends. Only reads.

Today's figures are counted each time. The trends (earlier days, collection rate, arrears) read
every open instalment, so a caller keeps them for a while.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.db.console.dashboard import (
    PendingWork,
    TokensOfKind,
    arrears,
    collected,
    money_by_day,
    pending_work,
    tokens_by_day,
    tokens_since,
)
from core.unit import Unit

DAYS_BEFORE = 13
# What fell due in this many days, up to yesterday, is asked for its share that was paid.
COLLECTED_DAYS = 30


@dataclass(frozen=True, slots=True)
class Today:
    """Today's figures. `kinds`: tokens by kind; `work`: counts of pending and failed work."""

    money_minor: int
    payments: int
    kinds: list[TokensOfKind]
    work: PendingWork

    @property
    def tokens(self) -> int:
        return sum(kind.issued for kind in self.kinds)


@dataclass(frozen=True, slots=True)
class TrendFigures:
    """Trends at an instant; plain values, so that they can be cached as JSON.

    `money` (minor units) and `tokens` (counts) of earlier days by date (2026-03-05), empty days
    left out. `arrears`: (age in days, amount in minor units, customers).
    """

    money: dict[str, int]
    tokens: dict[str, int]
    due_minor: int
    paid_minor: int
    arrears: list[tuple[str, int, int]]

    @property
    def percent(self) -> int | None:
        """The share that was paid of what fell due, in percent; None when nothing fell due."""
        return self.paid_minor * 100 // self.due_minor if self.due_minor else None

    @property
    def overdue_minor(self) -> int:
        return sum(amount for _, amount, _ in self.arrears)


def show_today(unit: Unit) -> Today:
    """Return the figures of the market's day so far."""
    midnight = _begin(unit.today, unit.market.timezone)
    received = money_by_day(unit.connection, midnight, unit.market.timezone)
    return Today(
        sum(row.amount_minor for row in received),
        sum(row.payments for row in received),
        tokens_since(unit.connection, midnight),
        pending_work(unit.connection, midnight, unit.now),
    )


def show_trend(unit: Unit) -> TrendFigures:
    """Return the trends up to now, without today's own money and tokens."""
    connection, zone = unit.connection, unit.market.timezone
    first = _begin(unit.today - timedelta(days=DAYS_BEFORE), zone)
    due_minor, paid_minor = collected(
        connection, unit.today - timedelta(days=COLLECTED_DAYS), unit.today - timedelta(days=1)
    )
    before = unit.today.isoformat()
    money = {str(row.day): row.amount_minor for row in money_by_day(connection, first, zone)}
    tokens = {str(row.day): row.issued for row in tokens_by_day(connection, first, zone)}
    return TrendFigures(
        {on: minor for on, minor in money.items() if on < before},
        {on: issued for on, issued in tokens.items() if on < before},
        due_minor,
        paid_minor,
        arrears(connection, unit.today),
    )


def _begin(on: date, zone: str) -> datetime:
    return datetime.combine(on, time.min, ZoneInfo(zone))

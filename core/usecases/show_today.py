"""How today goes, for an operator: money, codes, what waits and what went wrong. Only reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from core.db.console_today import (
    Collected,
    arrears,
    collected,
    money_by_day,
    tokens_by_day,
    tokens_since,
    work,
)
from core.unit import Unit

DAYS = 14
# What fell due in this many days, up to yesterday, is asked for its share that was paid.
COLLECTED_DAYS = 30


@dataclass(frozen=True, slots=True)
class Today:
    """`money` and `tokens` by day, every one of the last 14 days, today the last. `work`: counts of
    what waits and what failed. `arrears`: (age in days, amount, customers)."""

    money: Mapping[date, int]
    payments: int
    tokens: Mapping[date, int]
    kinds: list[Row[Any]]
    work: Row[Any]
    collected: Collected
    arrears: list[tuple[str, int, int]]

    @property
    def money_minor(self) -> int:
        """What came in today."""
        return list(self.money.values())[-1]

    @property
    def overdue_minor(self) -> int:
        return sum(amount for _, amount, _ in self.arrears)


def show_today(unit: Unit) -> Today:
    """The figures of the market's day so far."""
    connection, zone = unit.connection, unit.market.timezone
    days = [unit.today - timedelta(days=back) for back in reversed(range(DAYS))]
    first, midnight = _begin(days[0], zone), _begin(unit.today, zone)
    money = money_by_day(connection, first, zone)
    received = {row.day: row.amount_minor for row in money}
    issued = {row.day: row.issued for row in tokens_by_day(connection, first, zone)}
    yesterday = unit.today - timedelta(days=1)
    return Today(
        money={on: received.get(on, 0) for on in days},
        payments=sum(row.payments for row in money if row.day == unit.today),
        tokens={on: issued.get(on, 0) for on in days},
        kinds=tokens_since(connection, midnight),
        work=work(connection, midnight),
        collected=collected(connection, unit.today - timedelta(days=COLLECTED_DAYS), yesterday),
        arrears=arrears(connection, unit.today),
    )


def _begin(on: date, zone: str) -> datetime:
    return datetime.combine(on, time.min, ZoneInfo(zone))

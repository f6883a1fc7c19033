"""Export the ledger of a month: which month it is, and an audit row of who exported it.

The rows are read elsewhere (core/db/console/month.py), one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.errors import Refused
from core.unit import Unit
from core.usecases.operators.audit import write_audit


@dataclass(frozen=True, slots=True)
class Month:
    """A month, from midnight of `first_on` in the market's zone until just before `after_on`'s."""

    name: str
    first_on: date
    after_on: date
    since: datetime
    until: datetime


def export_month(unit: Unit, typed: str, operator: str) -> Month:
    """Return a month given as `2026-03`, and write the audit row of its export.

    Raises Refused("month_unknown") for another form, and for a month that has not begun.
    """
    month = find_month(unit, typed)
    write_audit(unit, operator, "export", "market", 1, f"the month {month.name}")
    return month


def find_month(unit: Unit, typed: str) -> Month:
    """Return a month given as `2026-03`. Raises Refused("month_unknown")."""
    try:
        first_on = date.fromisoformat(f"{typed.strip()}-01")
        after_on = (first_on + timedelta(days=31)).replace(day=1)
    except (ValueError, OverflowError):
        raise Refused("month_unknown", month=typed) from None
    if first_on > unit.today:
        raise Refused("month_unknown", month=typed)
    midnight = time(tzinfo=ZoneInfo(unit.market.timezone))
    since, until = (datetime.combine(day, midnight) for day in (first_on, after_on))
    return Month(f"{first_on:%Y-%m}", first_on, after_on, since, until)

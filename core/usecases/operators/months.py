"""The months ahead, which the schedule makes: tables into which the rows of a month are written."""

from __future__ import annotations

from core.db.months import make_months
from core.unit import Unit


def make_months_ahead(unit: Unit) -> int:
    """Make this month and the next ones as far as they are missing; returns how many tables.

    Raises OperationalError where a lock is held for too long: nothing is made then.
    """
    return make_months(unit.connection)

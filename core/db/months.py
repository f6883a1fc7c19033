"""Tables that are cut by months, so that what grows for ever stays small where it is written.

The id of a row begins with the month in which it was written (docs/decisions/0064). The months
ahead are made early; a row whose month is missing is written to a table for all others, and moved
when its month is made. Unique keys over all months stand in core.db.tables.keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import Connection, text

from core.db.tables import metadata

# By table, the column whose month a row belongs to.
MONTHLY: Mapping[str, str] = {
    name: by.removeprefix("RANGE (").removesuffix(")")
    for name, table in metadata.tables.items()
    if (by := table.dialect_options["postgresql"]["partition_by"])
}
# Besides the present one.
_MONTHS_AHEAD = 2


def make_months(connection: Connection) -> int:
    """Make the present month and those ahead as far as they are missing, and those of rows that
    found none, which move there; returns how many tables were made.

    Raises OperationalError where another transaction holds a lock for half a second.
    """
    ahead = connection.execute(
        text(
            "SELECT CAST(date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month' * n"
            " AS date) FROM generate_series(0, :ahead) n"
        ),
        {"ahead": _MONTHS_AHEAD},
    )
    months = {*ahead.scalars(), *_months_of_strays(connection)}
    return sum(make_month(connection, month) for month in sorted(months))


def _months_of_strays(connection: Connection) -> list[date]:
    found = connection.execute(text("SELECT DISTINCT month FROM stray_months()")).scalars()
    return [date(2000 + number // 100, number % 100, 1) for number in found]


def make_month(connection: Connection, month: date) -> int:
    """Make what is missing of the month with that day; returns how many tables were made."""
    made: int = connection.execute(
        text("SELECT make_month(CAST(:month AS date))"), {"month": month}
    ).scalar_one()
    return made


def missing_months(connection: Connection) -> list[str]:
    """Return, in words, what the months lack: a table of this month or the next, and rows that
    found no month."""
    parts = connection.execute(
        text(
            "SELECT part FROM (SELECT t || to_char(now() AT TIME ZONE 'UTC'"
            " + interval '1 month' * n, '_YYMM') AS part"
            " FROM unnest(CAST(:tables AS text[])) t, generate_series(0, 1) n) wanted"
            " WHERE to_regclass(part) IS NULL ORDER BY part"
        ),
        {"tables": list(MONTHLY)},
    )
    lacking = [f"{part} is missing" for part in parts.scalars()]
    strays = connection.execute(text("SELECT DISTINCT parent FROM stray_months() ORDER BY 1"))
    return lacking + [f"rows of {table} have no month" for table in strays.scalars()]


def drop_month(connection: Connection, table: str, before: datetime, limit: int) -> int:
    """Drop the oldest month of a table if all its rows were created before that instant and need
    nothing more, then up to `limit` keys of rows that are gone; returns how many keys."""
    connection.execute(text(f"SELECT drop_{table}_month(:before)"), {"before": before})
    return connection.execute(
        text(
            f"DELETE FROM {table}_ids WHERE id = ANY(ARRAY(SELECT id FROM {table}_ids"
            f" WHERE id < (SELECT coalesce(min(id), month_id(0)) FROM {table})"
            " ORDER BY id LIMIT :limit))"
        ),
        {"limit": limit},
    ).rowcount

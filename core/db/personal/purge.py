"""Delete or blank what is too old, in small batches without waiting."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from core.db.months import MONTHLY, drop_month
from core.db.personal.record import Rule


def purge_batch(
    connection: Connection, table: str, rule: Rule, before: datetime, limit: int
) -> int:
    """Delete or blank up to `limit` rows that a rule finds too old; returns how many.

    Rows that another transaction has locked are left for the next time.
    """
    if rule.by_month:
        return drop_month(connection, table, before, limit)
    changes = ", ".join(f"{column} = {value}" for column, value in rule.blanks.items())
    change = f"UPDATE {table} SET {changes}" if changes else f"DELETE FROM {table}"
    order = " ORDER BY id" if changes else ""
    # The place of a row is not unique where a table is cut by months.
    row = "id" if table in MONTHLY else "ctid"
    return connection.execute(
        text(
            f"{change} WHERE {row} = ANY(ARRAY(SELECT {row} FROM {table} WHERE {rule.aged}{order}"
            " LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED))"
        ),
        {"before": before, "limit": limit},
    ).rowcount


def count_aged(connection: Connection, table: str, rule: Rule, before: datetime) -> int:
    """Return how many rows a rule finds too old."""
    found = connection.execute(
        text(f"SELECT count(*) FROM {table} WHERE {rule.aged}"), {"before": before}
    )
    return int(found.scalar_one())

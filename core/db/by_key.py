"""Storing rows that are known by a natural key (a code, a number): new, changed or the same."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, select, update

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stored:
    """How many rows were new, changed, or already as given."""

    new: int = 0
    changed: int = 0
    same: int = 0


def rows_by_key(
    connection: Connection, table: Table, key: str, wanted: Collection[object]
) -> dict[Any, Values]:
    """The rows with those keys, whole, by key."""
    found = connection.execute(select(table).where(table.c[key].in_(list(wanted))))
    return {row[key]: dict(row) for row in found.mappings()}


def store_by_key(
    connection: Connection, table: Table, key: str, rows: Collection[Values]
) -> Stored:
    """Insert rows whose key is new, update those that differ; all have the same columns."""
    if not rows:
        return Stored()
    known = rows_by_key(connection, table, key, [row[key] for row in rows])
    new = [row for row in rows if row[key] not in known]
    changed = [row for row in rows if row[key] in known and _differs(row, known[row[key]])]
    if new:
        connection.execute(insert(table), new)
    if changed:
        change = update(table).where(table.c[key] == bindparam("the_key"))
        connection.execute(change, [_without(row, key) | {"the_key": row[key]} for row in changed])
    return Stored(len(new), len(changed), len(rows) - len(new) - len(changed))


def _differs(row: Values, known: Values) -> bool:
    return any(known[name] != value for name, value in row.items())


def _without(row: Values, key: str) -> Values:
    return {name: value for name, value in row.items() if name != key}

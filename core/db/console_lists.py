"""Lists of the console: filtered, a page at a time by key, or streamed whole for an export.

Paging goes by the key of the last row seen, never by counting rows from the start, so the last page
of a million rows costs what the first one does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, TextClause, text

_ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Query:
    """A list. `where` holds the condition of each filter, used when its value was given.

    `key` is a unique expression that gives the order, shown as `cursor`; a number (`by_number`)
    goes down, the newest first, unless `newest_first` is False; a text goes up. The condition named
    `always` holds without a value.
    """

    columns: str
    tables: str
    key: str = "id"
    by_number: bool = True
    newest_first: bool = True
    where: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and the cursor of the next page (None at the end)."""

    rows: list[Row[Any]]
    next: str | None


def read_page(
    connection: Connection, query: Query, values: Mapping[str, Any], after: str, size: int
) -> Page:
    """The rows after a cursor ("" for the start)."""
    cursor: int | str | None = after or None
    if cursor is not None and query.by_number:
        cursor = int(after) if after.isdecimal() and len(after) < 19 else 0
    given = dict(values) | ({"cursor": cursor} if cursor is not None else {})
    statement = _statement(query, given, " LIMIT :size")
    rows = list(connection.execute(statement, given | {"size": size + 1}))
    more = len(rows) > size
    return Page(rows[:size], str(rows[size - 1].cursor) if more else None)


def read_all(connection: Connection, query: Query, values: Mapping[str, Any]) -> Iterator[Row[Any]]:
    """Every row, through a cursor of the server: however many, they are never all in memory."""
    streaming = connection.execution_options(yield_per=_ROWS_AT_ONCE)
    yield from streaming.execute(_statement(query, values, ""), dict(values))


def _statement(query: Query, given: Mapping[str, Any], limit: str) -> TextClause:
    down = query.by_number and query.newest_first
    sign, order = ("<", "DESC") if down else (">", "ASC")
    conditions = [sql for name, sql in query.where.items() if name in given or name == "always"]
    if "cursor" in given:
        conditions.append(f"{query.key} {sign} :cursor")
    where = " AND ".join(f"({one})" for one in conditions) or "true"
    return text(
        f"SELECT {query.columns}, {query.key} AS cursor FROM {query.tables} WHERE {where}"
        f" ORDER BY {query.key} {order}{limit}"
    )

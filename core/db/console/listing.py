"""Lists of the console: filtered, read page by page, or streamed as a whole for an export.

A page starts after the key of the last row of the page before it. Rows are never counted from the
start, so the last page of a million rows costs as much as the first one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Row, TextClause, text

_ROWS_AT_ONCE = 500
RowT = TypeVar("RowT")


@dataclass(frozen=True, slots=True)
class Query(Generic[RowT]):
    """A list of `row` values, whose fields are the names of `columns`.

    `where` holds the condition of each filter, used if a value for it was given; the condition
    named `always` needs no value. `key` is a unique expression that orders the list. A number
    (`by_number`) is sorted downwards, the newest first, unless `newest_first` is False. A text is
    sorted upwards.
    """

    row: type[RowT]
    columns: str
    tables: str
    key: str = "id"
    by_number: bool = True
    newest_first: bool = True
    where: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page(Generic[RowT]):
    """The rows of one page, and the cursor of the next page (None on the last page)."""

    rows: list[RowT]
    next_cursor: str | None


def read_page(
    connection: Connection, query: Query[RowT], values: Mapping[str, Any], after: str, size: int
) -> Page[RowT]:
    """Return at most `size` rows after a cursor ("" for the first page)."""
    cursor: int | str | None = after or None
    if cursor is not None and query.by_number:
        cursor = int(after) if after.isdecimal() and len(after) < 19 else 0
    given = dict(values) | ({"cursor": cursor} if cursor is not None else {})
    statement = _select(query, given, " LIMIT :size")
    found = list(connection.execute(statement, given | {"size": size + 1}))
    next_cursor = str(found[size - 1].cursor) if len(found) > size else None
    return Page([_as_row(query, row) for row in found[:size]], next_cursor)


def read_all(
    connection: Connection, query: Query[RowT], values: Mapping[str, Any]
) -> Iterator[RowT]:
    """Return every row through a cursor of the server: only some hundred rows are in memory."""
    streaming = connection.execution_options(yield_per=_ROWS_AT_ONCE)
    for row in streaming.execute(_select(query, values, ""), dict(values)):
        yield _as_row(query, row)


def count_rows(connection: Connection, query: Query[Any], values: Mapping[str, Any]) -> int:
    """Return how many rows an export has."""
    counted = text(f"SELECT count(*) FROM ({_select(query, values, '').text}) rows")
    return int(connection.execute(counted, dict(values)).scalar_one())


def _as_row(query: Query[RowT], row: Row[Any]) -> RowT:
    values = row._asdict()
    del values["cursor"]
    return query.row(**values)


def _select(query: Query[Any], given: Mapping[str, Any], limit: str) -> TextClause:
    down = query.by_number and query.newest_first
    sign, order = ("<", "DESC") if down else (">", "ASC")
    conditions = [sql for name, sql in query.where.items() if name in given or name == "always"]
    if "cursor" in given:
        conditions.append(f"{query.key} {sign} :cursor")
    where = " AND ".join(f"({condition})" for condition in conditions) or "true"
    return text(
        f"SELECT {query.columns}, {query.key} AS cursor FROM {query.tables} WHERE {where}"
        f" ORDER BY {query.key} {order}{limit}"
    )

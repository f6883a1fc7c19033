"""Query results as typed rows: every column becomes the field of the same name."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import Connection, TextClause, text

RowT = TypeVar("RowT")


def all_rows(
    connection: Connection, row_type: type[RowT], statement: str | TextClause, **values: object
) -> list[RowT]:
    """Return every row of the result. Raises TypeError if its columns are not the fields."""
    found = connection.execute(_as_clause(statement), values)
    return [row_type(**row) for row in found.mappings()]


def one_row(
    connection: Connection, row_type: type[RowT], statement: str | TextClause, **values: object
) -> RowT:
    """Return the only row of the result. Raises NoResultFound or MultipleResultsFound, TypeError if
    the columns are not the fields."""
    return row_type(**connection.execute(_as_clause(statement), values).mappings().one())


def row_or_none(
    connection: Connection, row_type: type[RowT], statement: str | TextClause, **values: object
) -> RowT | None:
    """Return the only row of the result, or None. Raises MultipleResultsFound for several rows,
    TypeError if the columns are not the fields."""
    found = connection.execute(_as_clause(statement), values).mappings().one_or_none()
    return None if found is None else row_type(**found)


def _as_clause(statement: str | TextClause) -> TextClause:
    return text(statement) if isinstance(statement, str) else statement

"""What a form of the console offers to choose from: the catalogue's codes with their names."""

from __future__ import annotations

from sqlalchemy import Connection, text

_TABLES = ("villages", "manufacturers", "tariffs", "appliances")


def codes_of(connection: Connection, table: str) -> list[tuple[str, str]]:
    """(code, name) of everything in a table of the catalogue, by name."""
    if table not in _TABLES:
        raise LookupError(table)
    rows = connection.execute(text(f"SELECT code, name FROM {table} ORDER BY name, code"))
    return [(row[0], row[1]) for row in rows]

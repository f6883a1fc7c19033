"""Rows that many tests start with: inserted once in a pytest process, and copied from then on.

Inserting the cast takes some fifty statements, each checked by constraints and triggers that have
been satisfied before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import psycopg
from sqlalchemy import Connection

_TABLES = """
    SELECT format('%I', table_name), string_agg(format('%I', column_name), ', ')
      FROM information_schema.columns
      JOIN information_schema.tables USING (table_schema, table_name)
      JOIN pg_class ON oid = format('%I', table_name)::regclass AND NOT relispartition
     WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND is_generated = 'NEVER'
     GROUP BY table_name
"""
_SEQUENCES = """
    SELECT format('%I', sequencename), last_value FROM pg_sequences
     WHERE schemaname = 'public' AND last_value IS NOT NULL
"""


@dataclass(frozen=True)
class KeptRows:
    """By table and its columns the rows as COPY wrote them, and how far each sequence has come."""

    rows: Mapping[str, bytes]
    sequences: Mapping[str, int]

    @classmethod
    def inserted_since(cls, connection: Connection, transaction_id: int) -> KeptRows:
        """What that transaction and those after it have inserted so far (`transaction_id_of`)."""
        driver = _driver(connection)
        rows = {}
        for table, columns in driver.execute(_TABLES).fetchall():
            ours = f"SELECT {columns} FROM {table} WHERE xmin::text::bigint >= {transaction_id}"
            with driver.cursor().copy(f"COPY ({ours}) TO STDOUT") as copied:
                if data := b"".join(copied):
                    rows[f"{table} ({columns})"] = data
        return cls(rows, dict(driver.execute(_SEQUENCES).fetchall()))

    def insert(self, connection: Connection) -> None:
        """Insert them in the open transaction of a migrated, empty database."""
        driver = _driver(connection)
        driver.execute("SET LOCAL session_replication_role = replica")
        for table, data in self.rows.items():
            with driver.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                copy.write(data)
        driver.execute(
            "SELECT setval(name::regclass, last)"
            " FROM unnest(%s::text[], %s::bigint[]) AS kept (name, last)",
            [list(self.sequences), list(self.sequences.values())],
        )
        driver.execute("SET LOCAL session_replication_role = origin")


def transaction_id_of(connection: Connection) -> int:
    """The number of the open transaction."""
    found: int = connection.exec_driver_sql(
        "SELECT pg_current_xact_id()::text::bigint"
    ).scalar_one()
    return found


def _driver(connection: Connection) -> psycopg.Connection[tuple[str, int]]:
    return cast("psycopg.Connection[tuple[str, int]]", connection.connection.driver_connection)

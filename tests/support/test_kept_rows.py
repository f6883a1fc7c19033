"""A scenario whose cast was copied is the scenario whose cast was inserted."""

from __future__ import annotations

from sqlalchemy import Engine, create_engine, text

from tests.support.cast import insert_cast
from tests.support.kept_rows import KeptRows, transaction_id_of
from tests.support.pool import DatabasePool
from tests.support.scenario import NOW, Scenario

TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences ORDER BY sequencename"


def contents(engine: Engine) -> dict[str, list[str]]:
    """Every row of every table as text, and every sequence."""
    with engine.connect() as connection:
        found = {"sequences": [str(row) for row in connection.execute(text(SEQUENCES))]}
        for (table,) in connection.execute(text(TABLES)).fetchall():
            rows = connection.execute(text(f"SELECT {table}::text FROM {table} ORDER BY 1"))
            found[table] = list(rows.scalars())
    return found


def test_copied_rows_are_the_rows_that_were_inserted(databases: DatabasePool) -> None:
    with databases.database() as first, databases.database() as second:
        inserted, copied = create_engine(first), create_engine(second)
        with inserted.begin() as connection:
            insert_cast(connection, NOW.date())
            kept = KeptRows.inserted_since(connection, transaction_id_of(connection))
        with copied.begin() as connection:
            kept.insert(connection)

        assert contents(copied) == contents(inserted)
        assert len(contents(copied)["devices"]) > 1
        Scenario(copied).check_invariants()
        inserted.dispose()
        copied.dispose()

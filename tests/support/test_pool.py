"""A database that was given back dirty is handed out as if it had never been used."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine

from operations.embedded.services import Services
from tests.support.cast import insert_cast
from tests.support.pool import DatabasePool
from tests.support.services import inside
from tests.support.toy_menu import NOW

COLUMNS = """
    SELECT table_schema, table_name, column_name, data_type, is_nullable, column_default
      FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
     ORDER BY 1, 2, 3
"""
SEQUENCES = """
    SELECT seqrelid::regclass::text, pg_sequence_last_value(seqrelid) FROM pg_sequence ORDER BY 1
"""
DEFINITIONS = """
    SELECT pg_get_triggerdef(oid) FROM pg_trigger
    UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint
    UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc
     WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT indexdef FROM pg_indexes
    UNION ALL SELECT tgname || tgenabled::text FROM pg_trigger
    ORDER BY 1
"""
TABLES = """
    SELECT table_schema || '.' || table_name FROM information_schema.tables
     WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')
     ORDER BY 1
"""
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
LOCKS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"


def everything_in(url: str) -> list[list[Any]]:
    """All that a test could notice: schema, rows, sequences, who else is there."""
    with inside(url) as connection:
        asked = [COLUMNS, DEFINITIONS, SEQUENCES, CONNECTIONS, LOCKS]
        tables = [name for (name,) in connection.execute(TABLES).fetchall()]
        rows = [f"SELECT * FROM {name} AS row ORDER BY row::text" for name in tables]
        return [tables, *(connection.execute(query).fetchall() for query in (*asked, *rows))]


@pytest.fixture
def untouched(fresh_database_url: str) -> list[list[Any]]:
    return everything_in(fresh_database_url)


def test_a_database_in_use_is_left_dirty_and_handed_out_clean(
    migrated: Services, untouched: list[list[Any]]
) -> None:
    databases = DatabasePool(migrated)
    with databases.database() as url:
        engine = create_engine(url)
        with engine.begin() as connection:
            insert_cast(connection, NOW.date())
        left_open = inside(url)
        left_open.execute("SELECT pg_advisory_lock(1)")
        left_open.execute("SELECT setval('cash_receipts', 41, false)")
        left_open.execute("INSERT INTO ledger_accounts VALUES ('new', 'debit')")
        assert everything_in(url) != untouched

    with databases.database() as again:
        assert databases.cut_so_far == 1, "the same one"
        assert everything_in(again) == untouched
    left_open.close()
    engine.dispose()


def test_who_stays_beyond_the_turn_does_not_reach_the_next(migrated: Services) -> None:
    databases = DatabasePool(migrated)
    with databases.database() as url:
        late = inside(url)
    with databases.database() as again:
        assert again != url
        with pytest.raises(psycopg.OperationalError):
            late.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError, match="does not exist"):
            inside(url)


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE trace ()",
        "CREATE TABLE trace (); DROP TABLE trace; CREATE VIEW trace AS SELECT 1",
        "ALTER TABLE payments DROP COLUMN receipt CASCADE",
        "ALTER TABLE payments DISABLE TRIGGER ALL",
        "ALTER TABLE payments ALTER COLUMN state SET DEFAULT 'applied'",
        "DROP INDEX devices_owner_id_idx",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RETURN NULL; END $$",
        "CREATE SCHEMA trace",
        "ALTER SEQUENCE cash_receipts RESTART 7",
        "ANALYZE customers",
        "UPDATE alembic_version SET version_num = '0001'",
        "DELETE FROM alembic_version",
        "TRUNCATE customers CASCADE",
        "SELECT lo_create(0)",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = 64', current_database());"
        " END $$",
    ],
)
def test_a_database_whose_rules_were_changed_is_not_handed_out_again(
    migrated: Services, untouched: list[list[Any]], change: str
) -> None:
    databases = DatabasePool(migrated)
    with databases.database() as url, inside(url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(change)
    with databases.database() as again:
        assert databases.cut_so_far == 2
        assert everything_in(again) == untouched

"""The migrations and the schema in code are the same thing, and every step goes both ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine, inspect

from core.db.engine import alembic_config, migrate
from core.db.schema import known_revisions
from core.db.tables import metadata
from core.errors import BadInput


def test_migrating_gives_exactly_the_schema_that_the_code_declares(fresh_database_url: str) -> None:
    with create_engine(fresh_database_url, poolclass=NullPool).connect() as connection:
        months = set(connection.exec_driver_sql(MONTHS).scalars())

        def is_declared(item: Any, name: str | None, kind: str, *_: object) -> bool:
            """A month repeats what its whole table declares."""
            if kind == "foreign_key_constraint":
                return item.elements[0].target_fullname.partition(".")[0] not in months
            return name not in months

        options = {"compare_type": True, "include_object": is_declared}
        context = MigrationContext.configure(connection, opts=options)

        assert compare_metadata(context, metadata) == []


MONTHS = "SELECT relname FROM pg_class WHERE relispartition"
_REFERENCES = Path("migrations/versions/0103/0_references.sql")
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
     AND contype = 'c' AND conislocal
"""


def test_migrating_gives_exactly_the_checks_that_the_code_declares(fresh_database_url: str) -> None:
    engine = create_engine(fresh_database_url, poolclass=NullPool)
    with engine.begin() as connection:
        migrated = set(connection.exec_driver_sql(CONSTRAINTS).all())
        connection.exec_driver_sql("CREATE SCHEMA declared")
        connection.exec_driver_sql("SET LOCAL search_path TO declared")
        # A column is computed with them.
        connection.connection.cursor().execute(_REFERENCES.read_text())
        metadata.create_all(connection)
        declared = set(connection.exec_driver_sql(CONSTRAINTS).all())

    assert migrated
    assert migrated == declared


def test_a_database_of_a_version_before_the_first_release_is_refused(
    fresh_database_url: str,
) -> None:
    with create_engine(fresh_database_url, poolclass=NullPool).begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0017'")

    with pytest.raises(BadInput, match="revision 0017, from before the first release"):
        migrate(fresh_database_url)


def test_every_migration_can_be_taken_back_and_done_again(fresh_database_url: str) -> None:
    config = alembic_config(fresh_database_url)

    command.downgrade(config, "base")

    with create_engine(fresh_database_url, poolclass=NullPool).connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    command.upgrade(config, "head")


def test_readiness_knows_the_migrations_in_their_order() -> None:
    script = ScriptDirectory.from_config(alembic_config(""))
    in_order = [revision.revision for revision in script.walk_revisions()][::-1]
    assert list(known_revisions()) == in_order

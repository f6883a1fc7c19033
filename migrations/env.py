"""Alembic's entry: runs the revisions on the database named in its configuration."""

from __future__ import annotations

from alembic import context
from sqlalchemy import NullPool, create_engine

from core.db.engine import MIGRATING
from core.db.tables import metadata

url = context.config.get_main_option("sqlalchemy.url")
if url is None:
    raise SystemExit("run migrations through `dialwatt migrate`, or set sqlalchemy.url")
with create_engine(url, poolclass=NullPool).connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        # Two hosts that migrate at once: the second waits, and finds nothing left to do.
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATING})")
        # Behind a long query a change would wait, and everybody else behind the change.
        connection.exec_driver_sql("SET LOCAL lock_timeout = '4s'")
        context.run_migrations()

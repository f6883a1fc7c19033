"""The engine's connections: kept open, and none that PostgreSQL has closed is handed out."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Engine, text

from core.db.engine import make_engine


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url, pool_size=2)
    yield engine
    engine.dispose()


def backend(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_a_connection_is_kept(engine: Engine) -> None:
    assert backend(engine) == backend(engine)


def test_a_connection_that_the_server_closed_is_not_handed_out(
    engine: Engine, database_url: str
) -> None:
    with engine.connect(), engine.connect():
        pass
    first = backend(engine)
    with psycopg.connect(database_url.replace("+psycopg", "", 1), autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    assert backend(engine) != first
    with engine.connect() as one, engine.connect() as another:
        for connection in (one, another):
            assert connection.execute(text("SELECT 1")).scalar_one() == 1

"""Real servers for the tests: where they live, and clean databases cut from one migrated template.

A clone takes some 40 ms, a rolled-back transaction almost nothing; both leave no trace for the next
test. Emptying tables is no way out here, because the ledger refuses it.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from core.db.engine import migrate
from operations.embedded import Services, embedded_services

TEMPLATE = "migrated"

_numbers = count(1)


@contextmanager
def folder_in_reach() -> Iterator[Path]:
    """A temporary folder that PostgreSQL's user can reach, with a path short enough for sockets.

    pytest's own `tmp_path` is closed to other users.
    """
    folder = Path(tempfile.mkdtemp(prefix="dialwatt-"))
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def services_in_memory_speed() -> Iterator[Services]:
    with folder_in_reach() as folder, embedded_services(folder, for_tests=True) as services:
        yield services


def make_template(services: Services) -> None:
    """One migrated database that nobody is connected to, so that it can be cloned."""
    _on_server(services, "CREATE DATABASE {}", TEMPLATE)
    migrate(url_of(services, TEMPLATE))


@contextmanager
def clone(services: Services) -> Iterator[str]:
    """The URL of a fresh migrated database; dropped afterwards, whoever is still connected."""
    name = f"clone_{next(_numbers)}"
    with _server(services) as server:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log")
        server.execute(statement.format(sql.Identifier(name), sql.Identifier(TEMPLATE)))
    try:
        yield url_of(services, name)
    finally:
        _on_server(services, "DROP DATABASE {} WITH (FORCE)", name)


def url_of(services: Services, database: str) -> str:
    url = make_url(services.database_url).set(database=database)
    return url.render_as_string(hide_password=False)


def _server(services: Services) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(services.conninfo, dbname="postgres", autocommit=True)


def _on_server(services: Services, statement: str, database: str) -> None:
    with _server(services) as server:
        server.execute(sql.SQL(statement).format(sql.Identifier(database)))

"""Real servers for the tests: where they live, and clean databases cut from a migrated template.

A clone is hundreds of files, which are slow to make and to remove. Tests take turns with clones
(tests/support/pool.py) unless they need one that was never used.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from core.db.engine import migrate
from operations.embedded.services import Services, embedded_services

TEMPLATE = "migrated"
ROOM_IN_MEMORY = 4 << 30  # bytes; a server and its clones take some hundred megabytes

_numbers = count(1)

# Asked again and again instead of with the time limit that the function itself offers: the server
# would then look only every 100 ms, and so it does where it renames a database that is in use.
_END_OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
_LOOK_EVERY_S, _LOOKS = 0.002, 2500


@contextmanager
def folder_in_reach(parent: Path | None = None) -> Iterator[Path]:
    """A temporary folder that PostgreSQL's user can reach, with a path short enough for sockets.

    pytest's own `tmp_path` is closed to other users.
    """
    folder = Path(tempfile.mkdtemp(prefix="dialwatt-", dir=parent))
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def services_in_memory_speed() -> Iterator[Services]:
    with (
        folder_in_reach(memory_folder()) as folder,
        embedded_services(folder, for_tests=True) as services,
    ):
        yield services


def memory_folder() -> Path | None:
    """A file system in memory with room for the servers of a test run, which is faster than a disk;
    None where there is none, as in most containers."""
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_IN_MEMORY:
        return memory
    return None


def make_template(
    services: Services,
    name: str = TEMPLATE,
    furnish: Callable[[str], None] = migrate,
    like: str = "template1",
) -> str:
    """A database to cut others from, which needs that no client is connected to it; its name."""
    on_server(services, "CREATE DATABASE {} TEMPLATE {}", name, like)
    furnish(url_of(services, name))
    return name


@contextmanager
def clone(services: Services) -> Iterator[str]:
    """The URL of a fresh migrated database; dropped afterwards, even if clients are connected."""
    name = cut(services)
    try:
        yield url_of(services, name)
    finally:
        drop(services, name)


def cut(services: Services, template: str = TEMPLATE) -> str:
    """The name of a new database like the template."""
    name = _new_name()
    on_server(services, "CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log", name, template)
    return name


def drop(services: Services, name: str) -> None:
    _end_connections(services, name)
    on_server(services, "DROP DATABASE {} WITH (FORCE)", name)


def rename(services: Services, name: str) -> str:
    """End all connections to it; its new name. Raises psycopg.errors.ObjectInUse."""
    new = _new_name()
    _end_connections(services, name)
    on_server(services, "ALTER DATABASE {} RENAME TO {}", name, new)
    return new


def _end_connections(services: Services, name: str) -> None:
    server = _administration(url_of(services, "postgres"))
    for _ in range(_LOOKS):
        ended = server.execute(_END_OTHERS, [name]).rowcount
        time.sleep(_LOOK_EVERY_S)  # also after the last has gone from the list: it is still leaving
        if not ended:
            return


@cache
def _administration(url: str) -> "psycopg.Connection[tuple[object, ...]]":
    """One connection for a pytest process, kept open: opening one takes longer than its work."""
    return inside(url)


def url_of(services: Services, database: str) -> str:
    url = make_url(services.database_url).set(database=database)
    return url.render_as_string(hide_password=False)


def inside(url: str) -> "psycopg.Connection[tuple[object, ...]]":
    """A connection on which every statement commits by itself."""
    return psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True)


def on_server(services: Services, statement: str, *databases: str) -> None:
    server = _administration(url_of(services, "postgres"))
    server.execute(_statement(statement, *databases))


def _statement(statement: str, *databases: str) -> sql.Composed:
    return sql.SQL(statement).format(*map(sql.Identifier, databases))


def _new_name() -> str:
    return f"clone_{next(_numbers)}"

"""`dialwatt restore-check FILE`: whether a backup really brings the books back.

The file is loaded into a throw-away PostgreSQL of its own, brought to the newest schema, and asked
everything that `dialwatt doctor` asks of the books. The running database is not touched, or needed:
this is best done on the machine that keeps the backups.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, text

from core.clock import system_clock
from core.db.engine import make_engine, migrate
from core.db.invariants import BOOKS, offenders
from core.db.schema import revision_of
from core.db.tokens import read_keys
from core.errors import BadInput
from core.settings import Environment, read
from core.tokens.errors import TokenError
from core.tokens.keys import KeyRing
from core.tokens.sealing import bound_to
from operations.commands.doctor import Check, print_checks
from operations.embedded.postgres_client import connection_of, find_program
from operations.embedded.services import embedded_services
from operations.environment import settings_if_any

_KEYS_A_PAGE = 5000


def run(arguments: Namespace, environment: Environment) -> int:
    """Print every check; 1 if any is not ok. Raises BadInput for a file that is no backup."""
    file = Path(arguments.file).absolute()
    if not file.is_file():
        raise BadInput(f"there is no file {file}")
    checks = check_backup(file, settings_if_any(environment))
    return print_checks(checks, as_json=arguments.json)


def check_backup(file: Path, environment: Environment) -> Iterator[Check]:
    """All checks of the book in that file, one by one."""
    with tempfile.TemporaryDirectory(prefix="dialwatt-") as folder:
        Path(folder).chmod(0o755)  # the user PostgreSQL is lent to has to pass through
        with embedded_services(Path(folder) / "check", for_tests=True) as services:
            _say("loading it into a throw-away database ...")
            restore(file, services.database_url)
            yield _brought_up_to_date(services.database_url)
            engine = make_engine(services.database_url, pool_size=0)
            with engine.connect() as connection:
                yield from _examine(connection, environment)


def restore(file: Path, database_url: str) -> None:
    """Load a backup into an empty database. Raises BadInput with what pg_restore says."""
    conninfo, secret = connection_of(database_url)
    loaded = subprocess.run(
        [
            find_program("pg_restore").path,
            "--exit-on-error",
            "--no-owner",
            "--no-privileges",
            f"--dbname={conninfo}",
            str(file),
        ],
        env=os.environ | secret,
        capture_output=True,
        text=True,
        check=False,
    )
    if loaded.returncode:
        raise BadInput(*loaded.stderr.strip().splitlines(), f"{file} does not restore.")


def _brought_up_to_date(database_url: str) -> Check:
    """A backup of an older release is as good as one of this, if its schema can be brought on."""
    with make_engine(database_url, pool_size=0).connect() as connection:
        was = revision_of(connection)
    if was is None:
        raise BadInput("this is a backup, but not one of Dialwatt")
    migrate(database_url)
    with make_engine(database_url, pool_size=0).connect() as connection:
        now = revision_of(connection)
    return Check("restored", True, f"schema {was}" + (f", brought to {now}" if now != was else ""))


def _examine(connection: Connection, environment: Environment) -> Iterator[Check]:
    yield Check("contents", True, _contents(connection))
    for name, query in BOOKS.items():
        found = offenders(connection, query, system_clock())
        yield Check(name, not found, found)
    yield _device_keys(connection, environment)


def _contents(connection: Connection) -> str:
    """What is in it, so that an empty or an old backup is seen for what it is."""
    row = connection.execute(
        text(
            "SELECT (SELECT count(*) FROM customers), (SELECT count(*) FROM devices),"
            " (SELECT count(*) FROM payments),"
            " (SELECT max(received_at)::timestamp(0) FROM payments)"
        )
    ).one()
    newest = f", the newest of {row[3]} UTC" if row[3] else ""
    return f"{row[0]} customers, {row[1]} devices, {row[2]} payments{newest}"


def _device_keys(connection: Connection, environment: Environment) -> Check:
    """Whether the master keys at hand open the device keys in the backup: one without the other is
    worth nothing."""
    secret = read(environment, "DEVICE_KEY_SECRET", "")
    if not secret:
        return Check("device keys open", True, "not tried: DEVICE_KEY_SECRET is not set here")
    ring, opened, closed = KeyRing.from_settings(secret), 0, list[str]()
    after = 0
    while page := read_keys(connection, after, _KEYS_A_PAGE):
        for one in page:
            try:
                ring.open(one.sealed, bound_to(one.serial))
                opened += 1
            except TokenError:
                closed.append(one.serial)
        after = page[-1].device_id
    detail = f"{len(closed)} do not, {closed[0]} first" if closed else f"all {opened}"
    return Check("device keys open", not closed, detail)


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)

"""`dialwatt restore-check FILE`: restore a backup elsewhere and check everything in it.

The file is restored into a temporary PostgreSQL of its own, brought to the newest schema, and
checked as `dialwatt doctor` checks the running database. The running database is not needed: this
is best done on the machine that keeps the backups.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import psycopg
from sqlalchemy import Connection, make_url, text

from core.clock import system_clock
from core.db.engine import make_engine, migrate
from core.db.invariants import LEDGER, offenders
from core.db.schema import revision_of
from core.db.tokens import read_keys
from core.environment import Environment, read_setting
from core.errors import BadInput
from core.tokens.errors import TokenError
from core.tokens.keys import KeyRing
from core.tokens.sealing import bound_to
from operations.backup_file import check_signature, decrypt, is_encrypted
from operations.checks import Check
from operations.commands.arguments import file_argument, json_option
from operations.commands.doctor import print_checks
from operations.embedded.postgres_client import connection_of, find_program, run_client
from operations.embedded.services import embedded_services
from operations.environment import settings_if_any
from operations.progress import progress_bar

_KEYS_A_PAGE = 5000
_RESTORER = "restorer"  # of a server that only this command can reach


@click.command("restore-check")
@file_argument
@click.option(
    "--identity",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The secret key of an encrypted backup, as age-keygen wrote it.",
)
@click.option(
    "--signed-by",
    metavar="KEY",
    help="What `dialwatt keys signer` printed: only a backup with that signature is restored.",
)
@json_option
def restore_check(file: Path, identity: Path | None, signed_by: str | None, as_json: bool) -> int:
    """Prove that a backup restores.

    It restores FILE into a temporary database, checks the ledger in it, and opens the device keys
    where DEVICE_KEY_SECRET is set. The running database is neither needed nor touched. Exit code 1
    where a check fails.
    """
    if not file.is_file():
        raise BadInput(f"there is no file {file}")
    if signed_by:
        check_signature(file, signed_by)
    if is_encrypted(file) and identity is None:
        raise BadInput(f"{file} is encrypted: give the file of its secret key with --identity")
    with tempfile.TemporaryDirectory(prefix="dialwatt-") as folder:
        checks = check_backup(file.absolute(), settings_if_any(os.environ), Path(folder), identity)
        return print_checks(checks, as_json=as_json)


def check_backup(
    file: Path, environment: Environment, folder: Path, identity: Path | None
) -> Iterator[Check]:
    """Restore the file in a temporary folder and check its contents, one check at a time.

    Raises BadInput.
    """
    folder.chmod(0o755)  # the user that PostgreSQL runs as has to pass through
    if is_encrypted(file) and identity is not None:
        file, sealed = folder / "backup", file
        decrypt(sealed, identity, file)
    with _temporary_database(folder) as database_url:
        restore(file, database_url)
        yield _upgrade(database_url)
        with make_engine(database_url, pool_size=0).connect() as connection:
            yield Check("contents", True, _contents(connection))
            for name, query in LEDGER.items():
                found = offenders(connection, query, system_clock())
                yield Check(name, not found, found)
            yield _device_keys(connection, environment)


@contextmanager
def _temporary_database(folder: Path) -> Iterator[str]:
    """A database of a user who may do nothing outside it: a backup is whatever SQL is in it, and a
    superuser's could start programs and read files (COPY ... PROGRAM)."""
    with embedded_services(folder / "check", for_tests=True) as services:
        with psycopg.connect(services.conninfo, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {_RESTORER} LOGIN CREATEROLE PASSWORD '{_RESTORER}'")
            connection.execute(f"ALTER DATABASE {connection.info.dbname} OWNER TO {_RESTORER}")
            connection.execute(f"ALTER SCHEMA public OWNER TO {_RESTORER}")
        url = make_url(services.database_url).set(username=_RESTORER, password=_RESTORER)
        yield url.render_as_string(hide_password=False)


def restore(file: Path, database_url: str) -> None:
    """Restore a backup into an empty database. Raises BadInput with what pg_restore says."""
    conninfo, secret = connection_of(database_url)
    program = str(find_program("pg_restore").path)
    command = [program, "--exit-on-error", "--no-owner", "--no-privileges"]
    done = 0

    def count(line: str) -> None:
        nonlocal done
        done += line.startswith(("pg_restore: creating ", "pg_restore: processing "))
        show_done(done)

    with progress_bar("restoring", _count_objects(program, file)) as show_done:
        try:
            run_client([*command, f"--dbname={conninfo}", str(file)], secret, count)
        except BadInput as error:
            raise BadInput(*error.problems, f"{file} does not restore.") from None


def _count_objects(program: str, file: Path) -> int:
    """How many tables, indexes and other objects the backup has; 0 where it cannot be read."""
    listed = subprocess.run([program, "--list", file], capture_output=True, text=True, check=False)
    return sum(not line.startswith(";") for line in listed.stdout.splitlines())


def _upgrade(database_url: str) -> Check:
    """Bring the schema of a backup of an older release up to date. Raises BadInput where the
    database is not one of Dialwatt."""
    with make_engine(database_url, pool_size=0).connect() as connection:
        before = revision_of(connection)
    if before is None:
        raise BadInput("this is a backup, but not one of Dialwatt")
    migrate(database_url)
    with make_engine(database_url, pool_size=0).connect() as connection:
        after = revision_of(connection)
    detail = f"schema {before}" + (f", brought to {after}" if after != before else "")
    return Check("restored", True, detail)


def _contents(connection: Connection) -> str:
    """What the backup holds, so that an empty or an old one is recognised."""
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
    """Whether the master keys of DEVICE_KEY_SECRET open every device key: without them the backup
    is worth nothing."""
    secret = read_setting(environment, "DEVICE_KEY_SECRET", "")
    if not secret:
        return Check("device keys open", True, "not tried: DEVICE_KEY_SECRET is not set here")
    ring, opened, unopened = KeyRing.from_settings(secret), 0, list[str]()
    after = 0
    while page := read_keys(connection, after, _KEYS_A_PAGE):
        for key in page:
            try:
                ring.open(key.sealed, bound_to(key.serial))
                opened += 1
            except TokenError:
                unopened.append(key.serial)
        after = page[-1].device_id
    detail = f"{len(unopened)} do not, {unopened[0]} first" if unopened else f"all {opened}"
    return Check("device keys open", not unopened, detail)

"""`dialwatt backup FILE`: a consistent copy of the database in one file, in pg_dump's format.

It is made while everything runs. It holds people's numbers and encrypted device keys, so it is
encrypted for `--recipient`, and only its owner may read it. DEVICE_KEY_SECRET is not in it, on
purpose. For money a nightly copy alone is not enough: archive the WAL too (docs/operations.md).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import click
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from core.db.engine import make_engine
from core.environment import read_setting
from core.errors import BadInput
from operations.backup_file import encrypted, sign, signer_of
from operations.commands.arguments import file_argument
from operations.embedded.postgres_client import connection_of, find_program, run_client
from operations.environment import command_environment
from operations.new_file import new_private_file
from operations.progress import ShowDone, progress_bar

_TABLE = re.compile(r'dumping contents of table "public\.(\w+)"')
_HINT = (
    "No backup was made. pg_dump must be as new as the server, and support TLS where the server"
    " demands it: install postgresql-client in the version of your server."
)


@click.command()
@file_argument
@click.option(
    "--recipient",
    metavar="age1...",
    help="Encrypt the file: only the holder of the secret key of this public key can read it.",
)
def backup(file: Path, recipient: str | None) -> None:
    """Copy the database into a new file.

    FILE must not exist. The gateway goes on working meanwhile. Where BACKUP_SIGNING_KEY is set,
    FILE.sig is its signature. A backup is only proven when it was restored: run `dialwatt
    restore-check FILE` afterwards.
    """
    environment = command_environment(os.environ)
    signing_key = read_setting(environment, "BACKUP_SIGNING_KEY", "")
    signer = signer_of(signing_key) if signing_key else None
    size = back_up(read_setting(environment, "DATABASE_URL"), file, recipient)
    if signer:
        sign(file, signer)
    if not recipient:
        print("It is not encrypted: who reads the file reads every number and text (--recipient).")
    print(f"{file}: {size / 1_000_000:.1f} MB. Prove it: dialwatt restore-check {file}")


def back_up(database_url: str, file: Path, recipient: str | None = None) -> int:
    """Copy the database into a new file, encrypted for `recipient`, and return its size in bytes.

    Raises BadInput where the file exists, or with what pg_dump says; then there is no file.
    """
    conninfo, secret = connection_of(database_url)
    program = str(find_program("pg_dump").path)
    command = [program, "--format=custom", "--no-owner", "--no-privileges", f"--dbname={conninfo}"]
    sizes = _table_sizes(database_url)
    with (
        new_private_file(file) as written,
        encrypted(written, recipient) if recipient else nullcontext(written) as output,
        progress_bar("kB", sum(sizes.values())) as show_done,
    ):
        try:
            run_client(command, secret, _follow(sizes, show_done), output)
        except BadInput as error:
            raise BadInput(*error.problems, _HINT) from None
    return file.stat().st_size


def _table_sizes(database_url: str) -> dict[str, int]:
    """The size of each table in kB. Empty where the database cannot be reached: pg_dump then says
    why."""
    query = (
        "SELECT relname, pg_table_size(oid) / 1024 FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    try:
        with make_engine(database_url, pool_size=0).connect() as connection:
            return {row[0]: row[1] for row in connection.execute(text(query))}
    except SQLAlchemyError:
        return {}


def _follow(sizes: dict[str, int], show_done: ShowDone) -> Callable[[str], None]:
    """Show the sizes of the tables that pg_dump has finished, from the lines of its log."""
    done = 0
    running = ""

    def on_line(line: str) -> None:
        nonlocal done, running
        if found := _TABLE.search(line):
            done, running = done + sizes.get(running, 0), found[1]
            show_done(done)

    return on_line

"""`dialwatt backup FILE`: one consistent copy of the database in one file (pg_dump's own format).

Taken while everything runs; readers and writers go on. It holds people's numbers and their sealed
device keys, so only its owner may read it. DEVICE_KEY_SECRET is not in it, on purpose. A nightly
copy is not enough for money by itself: archive the WAL too (docs/operations.md).
"""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import Namespace
from contextlib import suppress
from pathlib import Path

from core.errors import BadInput
from core.settings import Environment, read
from operations.embedded.postgres_client import connection_of, find_program

_TOLD_EVERY_S = 5.0


def run(arguments: Namespace, environment: Environment) -> int:
    """Write it and say how large it is. Raises BadInput; a failed copy leaves no file."""
    size = back_up(read(environment, "DATABASE_URL"), Path(arguments.file))
    print(
        f"{arguments.file}: {_megabytes(size)}. Prove it: dialwatt restore-check {arguments.file}"
    )
    return 0


def back_up(database_url: str, target: Path) -> int:
    """Copy the database into a new file; its size in bytes. Never writes over a file."""
    if target.exists():
        raise BadInput(f"{target} is there already; a backup never writes over another")
    conninfo, secret = connection_of(database_url)
    command = [find_program("pg_dump").path, "--format=custom", "--no-owner", "--no-privileges"]
    unfinished = target.with_name(f"{target.name}.unfinished")
    try:
        _dump([*map(str, command), f"--dbname={conninfo}"], secret, unfinished)
        unfinished.rename(target)
    except OSError as error:
        raise BadInput(f"cannot write {target}: {error.strerror}") from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return target.stat().st_size


def _dump(command: list[str], secret: dict[str, str], into: Path) -> None:
    with os.fdopen(os.open(into, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        with subprocess.Popen(
            command, env=os.environ | secret, stdout=file, stderr=subprocess.PIPE, text=True
        ) as dump:
            while True:
                try:
                    _, told = dump.communicate(timeout=_TOLD_EVERY_S)
                    break
                except subprocess.TimeoutExpired:
                    _show(into.stat().st_size)
        os.fsync(file.fileno())
    if dump.returncode:
        raise BadInput(*told.strip().splitlines(), _HINT)


_HINT = (
    "No backup was made. pg_dump must be as new as the server, and speak TLS where the server asks"
    " for it: install postgresql-client in the version of your server."
)


def _show(size: int) -> None:
    print(f"{_megabytes(size)} so far ...", file=sys.stderr, flush=True)


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"

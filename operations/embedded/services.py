"""PostgreSQL and Valkey for `dialwatt up` and the tests: two child processes on one data folder.

Production does not use this: there DATABASE_URL and REDIS_URL name servers with an administrator.
The servers are the same, only who starts them differs.
"""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

from operations.embedded.locations import EmbeddedServicesError, password_in
from operations.embedded.postgres_server import create_database, postgres_process
from operations.embedded.processes import AlreadyRunning, Process
from operations.embedded.valkey_server import ping, valkey_process

READY_SECONDS = 60.0


@dataclass(frozen=True)
class Services:
    """Two servers. `database_url` is in SQLAlchemy's form, `conninfo` in psycopg's."""

    database_url: str
    redis_url: str
    postgres: Process
    valkey: Process

    @property
    def conninfo(self) -> str:
        return self.database_url.replace("postgresql+psycopg://", "postgresql://", 1)

    @property
    def processes(self) -> tuple[Process, Process]:
        """Both processes in the order in which they start."""
        return self.postgres, self.valkey

    def wait_until_ready(self) -> None:
        """Wait until both answer and the database exists. Raises EmbeddedServicesError."""
        _wait(self.postgres, lambda: create_database(self.conninfo))
        _wait(self.valkey, lambda: ping(self.redis_url))


@contextmanager
def embedded_services(data: Path, *, for_tests: bool = False) -> Iterator[Services]:
    """Run both servers on the folder `data`, with the database `dialwatt`; stop them at the end.

    `for_tests` gives up durability for speed. Raises EmbeddedServicesError where another process
    uses the folder, where this machine has no binaries of the servers, or where root finds no user
    that can run PostgreSQL.
    """
    data = data.absolute()
    if not data.exists():
        data.mkdir(parents=True)
        data.chmod(0o755)  # the user that runs PostgreSQL has to pass through
    with _exclusive_use(data):
        password = password_in(data / "services.password")
        postgres, conninfo = postgres_process(data, password, for_tests=for_tests)
        valkey, redis_url = valkey_process(data, password)
        url = conninfo.replace("postgresql://", "postgresql+psycopg://", 1)
        services = Services(url, redis_url, postgres, valkey)
        try:
            for process in services.processes:
                _start(process)
            services.wait_until_ready()
            yield services
        finally:
            valkey.stop()
            postgres.stop()


@contextmanager
def _exclusive_use(data: Path) -> Iterator[None]:
    with (data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EmbeddedServicesError(
                f"{data} is in use by a Dialwatt that is running. Stop that one, or set"
                " DIALWATT_DATA to another folder (and PORT to another port)."
            ) from None
        yield


def _start(process: Process) -> None:
    try:
        process.start()
    except AlreadyRunning as error:
        raise EmbeddedServicesError(
            f"{error}. Stop it by hand: its process id is in {process.lock}."
        ) from error


def _wait(process: Process, connect: Callable[[], None]) -> None:
    """Wait until `connect` no longer raises. Raises EmbeddedServicesError after READY_SECONDS."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            return connect()
        except (psycopg.OperationalError, redis.RedisError) as error:
            if not process.running or time.monotonic() > deadline:
                raise EmbeddedServicesError(
                    f"{process.name} does not start ({error}); its log is {process.output}"
                ) from error
        time.sleep(0.02)

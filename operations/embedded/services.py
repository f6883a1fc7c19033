"""Real PostgreSQL and Valkey for `dialwatt up` and the tests: two children, one data folder.

This is not how production runs: there DATABASE_URL and REDIS_URL name servers that somebody looks
after. The servers are the same, only who starts them differs.
"""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

from operations.embedded.locations import EmbeddedServicesError, kept_password
from operations.embedded.postgres_server import create_database, postgres_process
from operations.embedded.processes import AlreadyRunning, Process
from operations.embedded.valkey_server import ping, valkey_process

READY_SECONDS = 60.0


@dataclass(frozen=True)
class Services:
    """Two running servers. `database_url` is in SQLAlchemy's form, `conninfo` in psycopg's."""

    database_url: str
    redis_url: str
    postgres: Process
    valkey: Process

    @property
    def conninfo(self) -> str:
        return self.database_url.replace("postgresql+psycopg://", "postgresql://", 1)

    @property
    def processes(self) -> tuple[Process, Process]:
        """In the order to start them, for `supervise`."""
        return self.postgres, self.valkey

    def wait_until_ready(self) -> None:
        """Until both answer and the database exists, also after one was started again."""
        _wait(self.postgres, lambda: create_database(self.conninfo))
        _wait(self.valkey, lambda: ping(self.redis_url))


@contextmanager
def embedded_services(data: Path, *, for_tests: bool = False) -> Iterator[Services]:
    """Both servers, with the database `dialwatt`, on the folder `data`; stopped at the end.

    `for_tests` trades durability for speed. Raises EmbeddedServicesError: another process uses the
    folder, this machine has no such binaries, or root cannot lend PostgreSQL to anyone.
    """
    data = data.absolute()
    if not data.exists():
        data.mkdir(parents=True)
        data.chmod(0o755)  # the user PostgreSQL is lent to has to pass through
    with _sole_use(data):
        password = kept_password(data / "services.password")
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
def _sole_use(data: Path) -> Iterator[None]:
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
    except AlreadyRunning as held:
        raise EmbeddedServicesError(f"{held}; end it by hand: {process.lock} names it.") from held


def _wait(process: Process, answers: Callable[[], None]) -> None:
    """Return when `answers` no longer raises; EmbeddedServicesError after READY_SECONDS."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            return answers()
        except (psycopg.OperationalError, redis.RedisError) as not_yet:
            if not process.running or time.monotonic() > deadline:
                raise EmbeddedServicesError(
                    f"{process.name} does not start ({not_yet}); its log is {process.output}"
                ) from not_yet
        time.sleep(0.02)

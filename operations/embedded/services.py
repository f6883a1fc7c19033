"""PostgreSQL and Valkey for `dialwatt up` and the tests: two child processes on one data folder.

Production does not use this: there DATABASE_URL and REDIS_URL name servers with an administrator.
The servers are the same, only who starts them differs.
"""

import fcntl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis
from sqlalchemy import make_url

from core.db.rights import ROLES, Role
from gateway.redis_users import RedisUser
from operations.embedded.locations import DATABASE, EmbeddedServicesError, password_in
from operations.embedded.postgres_server import create_database, postgres_process
from operations.embedded.processes import AlreadyRunning, Process
from operations.embedded.valkey_server import ping, valkey_process

READY_SECONDS = 60.0


@dataclass(frozen=True)
class Services:
    """Two servers. The addresses are the owner's: `database_url` in SQLAlchemy's form, `conninfo`
    in psycopg's. `passwords` are those of the roles by which the processes use both servers."""

    database_url: str
    redis_url: str
    postgres: Process
    valkey: Process
    passwords: Mapping[Role, str]

    @property
    def conninfo(self) -> str:
        return self.database_url.replace("postgresql+psycopg://", "postgresql://", 1)

    def database_url_of(self, role: Role, database: str = DATABASE) -> str:
        """Return the address with which a process of that role uses a migrated database."""
        url = make_url(self.database_url).set(
            database=database, username=f"{database}_{role}", password=self.passwords[role]
        )
        return url.render_as_string(hide_password=False)

    def redis_url_of(self, role: Role) -> str:
        """Return the address with which a process of that role uses Redis."""
        scheme, _, place = self.redis_url.rpartition("@")
        return f"{scheme.partition('://')[0]}://{role}:{self.passwords[role]}@{place}"

    def settings_of(self, role: Role) -> dict[str, str]:
        """Return both addresses as settings of a process of that role."""
        return {"DATABASE_URL": self.database_url_of(role), "REDIS_URL": self.redis_url_of(role)}

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
        passwords: dict[RedisUser, str] = {
            "owner": password_in(data / "services.password"),
            **{role: password_in(data / f"{role}.password") for role in ROLES},
        }
        postgres, conninfo = postgres_process(data, passwords["owner"], for_tests=for_tests)
        valkey, redis_url = valkey_process(data, passwords)
        url = conninfo.replace("postgresql://", "postgresql+psycopg://", 1)
        of_roles = {role: passwords[role] for role in ROLES}
        services = Services(url, redis_url, postgres, valkey, of_roles)
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

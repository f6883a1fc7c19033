"""The database engine, and migrations."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import Engine, NullPool, create_engine, event, make_url
from sqlalchemy.engine import ExceptionContext

from core.db.link import DatabaseLink
from core.db.rights import Role
from core.db.schema import compare_revision
from core.errors import BadInput

if TYPE_CHECKING:
    from alembic.config import Config

# One migration at a time: a second one waits for this lock.
MIGRATING = 5003371
_MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
_CONNECT_TIMEOUT_S = 5
# A caller who waits longer is better told to try again.
_POOL_TIMEOUT_S = 2
# What a connection waits for at most, in milliseconds: for a lock, for a statement, and for us in
# the middle of a transaction (then its locks are given back). For processes and for commands.
_LIMITS_MS = {
    "lock_timeout": 4_000,
    "statement_timeout": 60_000,
    "idle_in_transaction_session_timeout": 60_000,
}
_COMMAND_LIMITS_MS = {
    "lock_timeout": 15_000,
    "statement_timeout": 1_800_000,
    "idle_in_transaction_session_timeout": 1_800_000,
}
# A peer that is gone without a word is noticed after 30 + 3 x 10 seconds: by us, and by the server,
# which then gives back the locks.
_KEEPALIVE = {"idle": 30, "interval": 10, "count": 3}


def make_engine(
    database_url: str,
    *,
    pool_size: int = 8,
    settings: Mapping[str, str] | None = None,
    ping: bool = True,
    name: str = "dialwatt",
) -> Engine:
    """Return a pooled engine on psycopg 3. Connections are opened on first use, so fork before
    that.

    `settings` are PostgreSQL settings for every connection; those not given limit its waits
    (docs/operations.md has the table). `name` is how PostgreSQL lists it. Errors never show the
    values that were sent, which may be phone numbers. At most `pool_size` connections are open; 0
    keeps none open between uses, for commands. A `ping` tests a connection before each use and
    costs one round trip; without it the caller must handle a connection that was cut.
    """
    limits = _LIMITS_MS if pool_size else _COMMAND_LIMITS_MS
    pool: dict[str, Any] = {"poolclass": NullPool}
    if pool_size:
        pool = {
            "pool_size": pool_size,
            "max_overflow": 0,
            "pool_use_lifo": True,
            "pool_timeout": _POOL_TIMEOUT_S,
            # Connections that were cut meanwhile are found out before they are used.
            "pool_pre_ping": ping,
        }
    engine = create_engine(
        database_url,
        hide_parameters=True,
        connect_args=_connect_arguments(name, limits | dict(settings or {})),
        **pool,
    )
    redact_errors(engine)
    return engine


def _connect_arguments(name: str, settings: Mapping[str, object]) -> dict[str, Any]:
    """What psycopg is told besides the address: the name, the settings and when a peer is gone."""
    keepalive = {f"tcp_keepalives_{name}": value for name, value in _KEEPALIVE.items()}
    given = {"timezone": "UTC"} | keepalive | dict(settings)
    return {
        "application_name": name,
        "connect_timeout": _CONNECT_TIMEOUT_S,
        "options": " ".join(f"-c {name}={value}" for name, value in given.items()),
        **{f"keepalives_{name}": value for name, value in _KEEPALIVE.items()},
    }


def make_link(
    database_url: str, *, most: int, settings: Mapping[str, str], name: str = "dialwatt"
) -> DatabaseLink:
    """Return a link with at most so many connections, limited as those of `make_engine` are."""
    address = make_url(database_url).set(drivername="postgresql")
    written = address.render_as_string(hide_password=False)
    arguments = _connect_arguments(name, _LIMITS_MS | dict(settings))
    return DatabaseLink(make_conninfo(written, **arguments), most)


def read_only(engine: Engine) -> Engine:
    """Return an engine on the same connections whose transactions cannot write.

    Each transaction reads one snapshot, so several queries in it agree.
    """
    return engine.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")


def migrate(database_url: str, passwords: Mapping[Role, str] | None = None) -> None:
    """Bring the schema to the newest revision, and the roles of the processes to what core.db.roles
    states, with these passwords, and make the months ahead (core.db.months).

    Raises BadInput when a later release or an unreleased version migrated the database, and where
    its owner may not make the roles.
    """
    with make_engine(database_url, pool_size=0).connect() as connection:
        found = compare_revision(connection)
    if found.is_newer or found.is_unreleased:
        raise BadInput(str(found))
    # Large, and most processes never migrate.
    from alembic import command

    from core.db.months import make_months
    from core.db.roles import grant_rights

    command.upgrade(alembic_config(database_url), "head")
    with make_engine(database_url, pool_size=0).begin() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATING})")
        grant_rights(connection, passwords or {})
        make_months(connection)


def alembic_config(database_url: str) -> Config:
    """Return Alembic's configuration for that database, without a file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("sqlalchemy.url", database_url.replace("%", "%%"))
    return config


# SQLSTATE class 22, data exceptions: their message quotes what was sent.
_QUOTES_DATA = "22"


def redact_errors(engine: Engine) -> None:
    """Remove the values of rows from the errors that this engine raises."""

    @event.listens_for(engine, "handle_error")
    def redact(context: ExceptionContext) -> None:
        error = context.original_exception
        if not isinstance(error, psycopg.Error) or error.diag.sqlstate is None:
            return
        line = _line(error)
        error.args = (line,)
        if context.sqlalchemy_exception is not None:
            context.sqlalchemy_exception.args = (f"({type(error).__name__}) {line}",)


def _line(error: psycopg.Error) -> str:
    diag = error.diag
    message = diag.message_primary or "no message"
    if (diag.sqlstate or "").startswith(_QUOTES_DATA):
        message = message.partition('"')[0].rstrip(" :")
    places = (("table", diag.table_name), ("constraint", diag.constraint_name))
    where = "".join(f", {kind} {name}" for kind, name in places if name)
    return f"{message} ({diag.sqlstate}{where})"

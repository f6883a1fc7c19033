"""`dialwatt web | worker | schedule | migrate`: the processes of a deployment, one command each.

They read os.environ themselves, also in processes they start, so the settings of the command go in
there first.
"""

from __future__ import annotations

import logging
import os
import sys
from argparse import Namespace

from core.errors import BadInput
from core.logs import log_level, logging_config, start_logging
from core.settings import Environment, read
from operations.settings_check import check_settings

_THREADS = 80
# What is being answered when the stop is asked for is answered; what takes longer than this hangs.
_DRAIN_S = 20


def web(arguments: Namespace, environment: Environment) -> int:
    """Serve the gateway on PORT with WEB_WORKERS processes until told to stop."""
    port, workers = (
        _number(environment, "PORT", 8000, 65535),
        _number(environment, "WEB_WORKERS", 2, 256),
    )
    _warn_of_newer_schema(environment)
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    check_settings("web", environment)
    os.environ.update(environment)
    start_logging(environment, "web")
    Granian(
        "gateway.wsgi:app",
        address="0.0.0.0",
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=_THREADS,
        websockets=False,
        workers_kill_timeout=_DRAIN_S,
        log_access=False,
        log_level=LogLevels(log_level(environment)),
        log_dictconfig=logging_config(environment, "web"),
    ).serve()
    return 0


def worker(arguments: Namespace, environment: Environment) -> int:
    """Apply payments, send prompts and texts until told to stop."""
    check_settings("worker", environment)
    os.environ.update(environment)
    start_logging(environment, "worker")
    _warn_of_newer_schema(environment)
    from workers.runtime import run_worker

    run_worker()
    return 0


def schedule(arguments: Namespace, environment: Environment) -> int:
    """Ring for what waits, and accrue once a day, until told to stop."""
    check_settings("schedule", environment)
    os.environ.update(environment)
    start_logging(environment, "schedule")
    _warn_of_newer_schema(environment)
    from workers.schedule import run

    run()
    return 0


def migrate(arguments: Namespace, environment: Environment) -> int:
    """Bring the schema up to date, telling each step as it is taken."""
    from core.db.engine import migrate as upgrade

    steps = logging.getLogger("alembic.runtime.migration")
    steps.handlers = [logging.StreamHandler()]
    steps.setLevel(logging.INFO)
    upgrade(read(environment, "DATABASE_URL"))
    print("the schema is up to date")
    return 0


def _warn_of_newer_schema(environment: Environment) -> None:
    """Say it when a later release has migrated the database, and start all the same: while that
    release is on its way, old processes may have to come up again. A database that is away says
    nothing here; the process waits for it."""
    from sqlalchemy.exc import SQLAlchemyError

    from core.db.engine import make_engine
    from core.db.schema import compare_revision

    try:
        engine = make_engine(read(environment, "DATABASE_URL"), pool_size=0)
        with engine.connect() as connection:
            found = compare_revision(connection)
    except SQLAlchemyError:
        return
    if found.is_unreleased:
        raise BadInput(str(found))
    if found.is_newer:
        print(found, file=sys.stderr)


def _number(environment: Environment, name: str, default: int, most: int) -> int:
    value = read(environment, name, str(default))
    if not value.isdecimal() or not 1 <= int(value) <= most:
        raise BadInput(f"{name} must be a number from 1 to {most}, not {value!r}")
    return int(value)

"""`dialwatt web | worker | schedule | migrate`: the processes of a deployment.

They read their settings from os.environ, also in the processes they start, so the settings that a
command has found are put there first.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
from typing import Literal

import click

from core.db.rights import Role
from core.environment import Environment, read_setting
from core.errors import BadInput
from core.logs import log_level, logging_config, start_logging
from gateway.work_queues import QUEUES
from operations.embedded.locations import reserved_port
from operations.embedded.processes import Process
from operations.embedded.supervision import supervise
from operations.environment import command_environment, read_ip, read_number
from operations.settings_check import check_settings
from operations.web_server import allow_open_files, granian_options

# On a stop, a job that is being done has this long to finish.
_JOB_ENDS_S = 100.0


@click.command()
def web() -> None:
    """Serve the USSD menus, callbacks and console (HTTP).

    \b
    BIND         the address to listen on (127.0.0.1; 0.0.0.0 for all)
    PORT         the port to listen on (8000)
    WEB_WORKERS  the number of processes (2)
    """
    environment = {"INSTANCE_ID": secrets.token_hex(8)} | command_environment(os.environ)
    host = read_ip(environment, "BIND", "127.0.0.1")
    port = read_number(environment, "PORT", 8000, 65535)
    workers = read_number(environment, "WEB_WORKERS", 2, 256)
    with reserved_port(host, port):
        _serve_web(environment, host, port, workers)


def _serve_web(environment: dict[str, str], host: str, port: int, workers: int) -> None:
    from granian import Granian
    from granian.log import LogLevels

    _start_process("web", environment)
    allow_open_files()
    Granian(
        "gateway.rsgi:app",
        address=host,
        port=port,
        workers=workers,
        log_access=False,
        log_level=LogLevels(log_level(environment)),
        log_dictconfig=logging_config(environment, "web"),
        **granian_options(),
    ).serve()


@click.command()
@click.argument("queues", nargs=-1, metavar="[QUEUE]...", type=click.Choice(QUEUES))
def worker(queues: tuple[str, ...]) -> None:
    """Apply payments, make tokens, send prompts and SMS.

    It serves the named queues: payments, prompts, sms, vends, reconciliation. Without a name it
    starts a process for each of them, so that none waits for another; payments never shares a
    process with a queue that calls providers.

    It runs until it is told to stop, and finishes the job it is in. Start as many as there is work
    for.

    \b
    WORKER_QUEUES  the queues, where none is named here (with blanks between them)
    """
    environment = command_environment(os.environ)
    if queues:
        environment["WORKER_QUEUES"] = " ".join(queues)
    _start_process("worker", environment)
    if not environment.get("WORKER_QUEUES"):
        sys.exit(supervise([_worker_of(queue) for queue in QUEUES]))
    from workers.worker import run_worker

    run_worker()


def _worker_of(queue: str) -> Process:
    command = [sys.executable, "-m", "operations.cli", "worker", queue]
    return Process(f"worker of {queue}", command, env=os.environ, grace_seconds=_JOB_ENDS_S)


@click.command()
def schedule() -> None:
    """Wake the workers and run the daily jobs.

    Every five seconds it wakes the workers of the queues that have pending work. Once a day it
    charges access fees, by day it queues reminders. One process is enough; two do no harm.
    """
    _start_process("schedule", command_environment(os.environ))
    from workers.schedule import run

    run()


@click.command()
def migrate() -> None:
    """Bring the database schema up to date.

    Run it before the processes of a new release start, with the DATABASE_URL of the owner. Each
    step is printed as it is taken. It makes the roles of the other processes, gives them exactly
    the rights they need, and sets their passwords where these are given.

    \b
    DATABASE_WEB_PASSWORD     of the role of the web process
    DATABASE_WORKER_PASSWORD  of the role of the workers and the schedule
    """
    from core.db.engine import migrate as upgrade

    steps = logging.getLogger("alembic.runtime.migration")
    steps.handlers = [logging.StreamHandler()]
    steps.setLevel(logging.INFO)
    environment = command_environment(os.environ)
    upgrade(read_setting(environment, "DATABASE_URL"), _passwords(environment))
    print("the schema and the rights of the roles are up to date")


def _passwords(environment: Environment) -> dict[Role, str]:
    """The passwords that were given for the roles of the database."""
    given: dict[Role, str] = {
        "web": read_setting(environment, "DATABASE_WEB_PASSWORD", ""),
        "worker": read_setting(environment, "DATABASE_WORKER_PASSWORD", ""),
    }
    return {role: password for role, password in given.items() if password}


def _start_process(
    process: Literal["web", "worker", "schedule"], environment: dict[str, str]
) -> None:
    """Check the settings, make them those of this process, and start its log. Raises BadInput."""
    check_settings(process, environment)
    os.environ.update(environment)
    start_logging(environment, process)
    _check_database("web" if process == "web" else "worker", environment)


def _check_database(role: Role, environment: Environment) -> None:
    """Refuse to start with the rights of another role: an intruder would have them too.

    Warn where a later release has migrated the database, and start all the same: during a release,
    processes of the older one may have to restart. Where the database cannot be reached nothing is
    checked: the process waits for it. Raises BadInput.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from core.db.engine import make_engine
    from core.db.roles import why_unfit
    from core.db.schema import compare_revision

    try:
        engine = make_engine(read_setting(environment, "DATABASE_URL"), pool_size=0)
        with engine.connect() as connection:
            found, unfit = compare_revision(connection), why_unfit(connection, role)
    except SQLAlchemyError:
        return
    if unfit:
        raise BadInput(unfit)
    if found.is_unreleased:
        raise BadInput(str(found))
    if found.is_newer:
        print(found, file=sys.stderr)

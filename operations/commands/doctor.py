"""`dialwatt doctor`: settings, services, schema, books, and whatever waits too long.

It looks and tells, and changes nothing. One check that fails keeps no other from being made, except
those that need what failed.
"""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from redis import Redis, RedisError
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from core.clock import Clock, system_clock
from core.db.engine import make_engine
from core.db.invariants import BOOKS, WAITING, offenders
from core.db.schema import compare_revision
from core.errors import BadInput
from core.settings import Environment, read
from core.tokens.errors import TokenError
from core.tokens.keys import VendingKeys
from operations.database_errors import told
from operations.settings_check import problems

_LONGEST_ANSWER_S = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at; `detail` says what is wrong, or what was found."""

    name: str
    ok: bool
    detail: str


def run(arguments: Namespace, environment: Environment) -> int:
    """Print every check; 1 if any is not ok."""
    return print_checks(examine(environment), as_json=arguments.json)


def print_checks(checks: Iterable[Check], *, as_json: bool) -> int:
    """Print each check as soon as it is made, or all as JSON; 1 if any is not ok."""
    made = []
    for check in checks:
        made.append(check)
        if not as_json:
            print(f"{'ok ' if check.ok else 'BAD'} {check.name}" + _after(check), flush=True)
    healthy = all(check.ok for check in made)
    if as_json:
        print(json.dumps({"ok": healthy, "checks": [asdict(check) for check in made]}))
    return 0 if healthy else 1


def _after(check: Check) -> str:
    return f": {check.detail}" if check.detail else ""


def examine(environment: Environment, clock: Clock = system_clock) -> Iterator[Check]:
    """All checks, in order."""
    yield _configuration(environment)
    yield _redis(environment)
    try:
        engine = make_engine(read(environment, "DATABASE_URL"), pool_size=0)
        with engine.connect() as connection:
            yield Check("database", True, "")
            yield from examine_books(connection, environment, clock)
    except (SQLAlchemyError, BadInput) as error:
        yield Check("database", False, told(error) or str(error))


def examine_books(
    connection: Connection, environment: Environment, clock: Clock = system_clock
) -> Iterator[Check]:
    """The checks that look into the database; without its schema only that one."""
    schema = _schema(connection)
    yield schema
    if schema.ok:
        yield from _books(connection, clock)
        yield _vending_keys(connection, environment)


def _configuration(environment: Environment) -> Check:
    """Everything a web process and a worker will ask for, all that is wrong at once."""
    wrong = problems(environment, "web", "worker", "schedule")
    return Check("configuration", not wrong, "; ".join(wrong))


def _redis(environment: Environment) -> Check:
    try:
        url = read(environment, "REDIS_URL")
        with Redis.from_url(
            url, socket_timeout=_LONGEST_ANSWER_S, socket_connect_timeout=_LONGEST_ANSWER_S
        ) as redis:
            redis.ping()
    except (RedisError, BadInput, ValueError) as error:
        return Check("redis", False, f"cannot reach it: {error}")
    return Check("redis", True, "")


def _schema(connection: Connection) -> Check:
    """Whether every migration has run, and none that this program does not know."""
    found = compare_revision(connection)
    if found.here == found.newest:
        return Check("migrations", True, f"at {found.here}")
    return Check("migrations", False, str(found))


def _books(connection: Connection, clock: Clock) -> Iterator[Check]:
    market = connection.execute(text("SELECT operator FROM market")).scalar_one_or_none()
    yield Check("market", True, market or "the book is empty: load a catalogue")
    for name, query in (BOOKS | WAITING).items():
        found = offenders(connection, query, clock())
        yield Check(name, not found, found)


def _vending_keys(connection: Connection, environment: Environment) -> Check:
    """Whether every supply group that has meters has its key, and EA07 meters their tables."""
    groups = connection.execute(
        text("SELECT DISTINCT sts ->> 'sgc' FROM devices WHERE sts IS NOT NULL ORDER BY 1")
    ).scalars()
    keys, wrong = VendingKeys(environment), []
    for sgc in groups:
        try:
            keys.of(sgc)
        except TokenError as error:
            wrong.append(str(error))
    ea07 = connection.execute(text("SELECT EXISTS (SELECT FROM devices WHERE sts ->> 'ea' = '7')"))
    if ea07.scalar_one() and not read(environment, "STA_TABLES", ""):
        wrong.append("STA_TABLES is not set, and there are EA07 meters")
    return Check("vending keys", not wrong, "; ".join(wrong))

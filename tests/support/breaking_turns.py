"""The product's menu on real parts, whose turns break between the caller's answer and our reply.

A fault is a context manager: the turn inside of it is broken.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from redis import ConnectionError as RedisAway
from redis import Redis
from sqlalchemy import Engine, text

from core.pin import Pins
from core.unit import unit_opener
from gateway.ussd.endpoint import ussd_application
from gateway.ussd_menus.product import product_menu
from tests.support.cast import PEPPER, PSEUDONYMS
from tests.support.channels import CHANNELS
from tests.support.endpoint_settings import keys_of_all
from tests.support.journeys import Stop, Stopped, stoppable_units
from tests.support.phone import PATIENCE_S, Phone
from tests.support.walk_scenario import InlineExecutor

MENU = product_menu()
CUT_OFF = "CON Your last call was cut off."

_COUNTED = (
    *("payments", "journal_entries", "sms", "prompts", "customers", "sales", "instalments"),
    *("devices", "device_requests", "pending_registrations", "problem_reports", "audit_log"),
    *("ownership_changes",),
    "serial_checks",
)
_TRACES = (
    "SELECT "
    + ", ".join(f"(SELECT count(*) FROM {table})" for table in _COUNTED)
    + ", (SELECT sum(float_used_minor) FROM agents), (SELECT sum(commission_minor) FROM agents),"
    " (SELECT string_agg(language, ',' ORDER BY id) FROM customers),"
    " (SELECT string_agg(serial, ',' ORDER BY id) FILTER (WHERE owner_id IS NOT NULL) FROM devices)"
)


class BreakingRedis:
    """A Redis client whose next commit of a session breaks: `break_before` or `break_after` it."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self.break_before: BaseException | None = None
        self.break_after: BaseException | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._redis, name)

    def register_script(self, script: str) -> Callable[..., Any]:
        run = self._redis.register_script(script)

        def breaking(**given: Any) -> Any:
            if self.break_before:
                raise self.break_before
            result = run(**given)
            if self.break_after:
                raise self.break_after
            return result

        return breaking


class LateFuture(Future[Any]):
    """A turn that is answered late: its work is done when the caller has been answered."""

    def result(self, timeout: float | None = None) -> Any:
        raise TimeoutError

    def done(self) -> bool:
        return False


class LateExecutor(InlineExecutor):
    """Plays turns at once, except one that is `late`."""

    def __init__(self) -> None:
        self.late = False
        self.work: Callable[[], Any] = lambda: None

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if not self.late:
            return super().submit(fn, *args, **kwargs)
        self.work = lambda: fn(*args, **kwargs)
        return LateFuture()


@dataclass
class Gateway:
    """The menu on a database of its own, and where a turn can be broken off."""

    engine: Engine
    redis: Redis
    pool: Executor | None = None
    database: Stop = field(default_factory=lambda: Stop("before the database commits"))
    may_commit: threading.Event | None = None
    late_pool: LateExecutor = field(default_factory=LateExecutor)

    def __post_init__(self) -> None:
        self.redis.flushdb()
        self.breaking_redis = BreakingRedis(self.redis)
        self.app = self.application(PATIENCE_S)

    def application(self, deadline_s: float) -> Any:
        """The menu; a turn that takes longer than this is answered otherwise."""
        open_unit = unit_opener(self.engine, pins=Pins(PEPPER), channels=CHANNELS)
        return ussd_application(
            keys=keys_of_all("demo"),
            redis=cast(Redis, self.breaking_redis),
            pseudonyms=PSEUDONYMS,
            open_unit=self._holding(stoppable_units(open_unit, self.database)),
            open_read_only_unit=open_unit,
            menu=MENU,
            pool=self.pool or self.late_pool,
            deadline_s=deadline_s,
        )

    def _holding(self, open_unit: Any) -> Any:
        """Units of which the first one commits only when it may."""

        @contextmanager
        def opened() -> Iterator[Any]:
            with open_unit() as unit:
                yield unit
                may_commit, self.may_commit = self.may_commit, None
                if may_commit:
                    may_commit.wait(PATIENCE_S)

        return opened

    def hold_commits(self, may_commit: threading.Event) -> None:
        """Hold the next commit until the event."""
        self.may_commit = may_commit

    def wait_for_a_lock(self) -> None:
        """Return as soon as one transaction in this database waits for another."""
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock'"
        )
        for _ in range(30_000):
            if self.rows(waiting) != [(0,)]:
                return
        raise AssertionError("nobody waits")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql))]

    def phone(self, msisdn: str) -> Phone:
        return Phone(self.app, msisdn)

    def traces(self) -> tuple[Any, ...]:
        """What effects have left behind."""
        return self.rows(_TRACES)[0]

    def effects(self) -> int:
        return int(self.rows("SELECT count(*) FROM ussd_effects")[0][0])


@contextmanager
def killed_before_the_database_commits(gateway: Gateway, phone: Phone) -> Iterator[None]:
    with gateway.database.here():
        yield


@contextmanager
def killed_before_redis_commits(gateway: Gateway, phone: Phone) -> Iterator[None]:
    gateway.breaking_redis.break_before = Stopped()
    with pytest.raises(Stopped):
        yield
    gateway.breaking_redis.break_before = None


@contextmanager
def redis_away(gateway: Gateway, phone: Phone) -> Iterator[None]:
    gateway.breaking_redis.break_before = RedisAway()
    yield
    gateway.breaking_redis.break_before = None


@contextmanager
def killed_before_the_answer(gateway: Gateway, phone: Phone) -> Iterator[None]:
    gateway.breaking_redis.break_after = Stopped()
    with pytest.raises(Stopped):
        yield
    gateway.breaking_redis.break_after = None


@contextmanager
def answered_late(gateway: Gateway, phone: Phone) -> Iterator[None]:
    gateway.late_pool.late = True
    yield
    gateway.late_pool.late = False
    gateway.late_pool.work()


@contextmanager
def redis_emptied(gateway: Gateway, phone: Phone) -> Iterator[None]:
    """The same callback comes again, to a Redis that has lost everything."""
    yield
    gateway.redis.flushdb()
    phone.send()


OTHER_FAULTS = (
    killed_before_the_database_commits,
    redis_away,
    killed_before_the_answer,
    answered_late,
    redis_emptied,
)

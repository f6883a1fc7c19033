"""The schedule: wakes the workers every five seconds, and runs the daily and hourly work.

One process is enough; two do no harm. Losing Redis, a wake-up or a worker only delays a row until
the next sweep.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from threading import Event

from redis import RedisError
from sqlalchemy.exc import OperationalError

from core.clock import system_clock
from core.db.engine import make_engine
from core.errors import Refused
from core.unit import OpenUnit, unit_opener
from core.usecases.catalogue.access_fees import accrue_access_rates
from core.usecases.messages.reminders import find_due_reminders, send_reminders
from core.wording.product import check_wording
from gateway.heartbeat import record_heartbeat
from gateway.redis_client import fail_fast_redis
from gateway.settings import ServicesSettings
from gateway.work_queues import QUEUES, WorkQueues

log = logging.getLogger(__name__)

_SWEEP_EVERY_S = 5.0
_ROWS_A_PAGE = 500

Progress = Callable[[int], None]


@dataclass(slots=True)
class Schedule:
    """The periodic work; `accrued_on` and `reminded_hour` are when it was last done here."""

    open_unit: OpenUnit
    work_queues: WorkQueues
    record_heartbeat: Callable[[], None] = lambda: None
    accrued_on: date | None = None
    reminded_hour: datetime | None = None

    def sweep(self) -> None:
        """Wake every queue; accrue access fees once a day, queue reminders once an hour.

        A service that is away only delays it. Records a heartbeat at the start and after every
        page.
        """
        self.record_heartbeat()
        self.work_queues.wake(QUEUES)
        try:
            self._run_periodic_work()
        except Refused:
            log.info("no market yet: load a catalogue")
        except OperationalError as error:
            log.warning("the database is away: %s", error.orig)

    def _run_periodic_work(self) -> None:
        with self.open_unit() as unit:
            today, hour = unit.today, unit.now.replace(minute=0, second=0, microsecond=0)
        if today != self.accrued_on:
            accrue_all(self.open_unit, lambda fees: self.record_heartbeat())
            self.accrued_on = today
        if hour != self.reminded_hour:
            remind_all(self.open_unit, lambda texts: self.record_heartbeat())
            self.reminded_hour = hour


def accrue_all(open_unit: OpenUnit, progress: Progress = lambda fees: None) -> int:
    """Accrue the access fees of all meters, a page to a commit; returns how many were written."""
    total = 0
    after: int | None = 0
    while after is not None:
        with open_unit() as unit:
            fees, after = accrue_access_rates(unit, after, _ROWS_A_PAGE)
        total += fees
        progress(total)
    return total


def remind_all(open_unit: OpenUnit, progress: Progress = lambda texts: None) -> int:
    """Queue today's reminders, a page to a commit; returns how many."""
    total = 0
    with open_unit() as unit:
        customers = find_due_reminders(unit)
    for start in range(0, len(customers), _ROWS_A_PAGE):
        with open_unit() as unit:
            total += send_reminders(unit, customers[start : start + _ROWS_A_PAGE])
        progress(total)
    return total


def run() -> None:
    """Sweep until a signal to stop. Refuses to start with faulty wording."""
    check_wording()
    services = ServicesSettings.from_environment(os.environ)
    redis = fail_fast_redis(services.redis_url)

    def heartbeat() -> None:
        with suppress(RedisError):
            record_heartbeat(redis, system_clock())

    work_queues = WorkQueues(services.redis_url)
    open_unit = unit_opener(make_engine(services.database_url), after_commit=work_queues.wake)
    schedule = Schedule(open_unit, work_queues, heartbeat)
    stop = Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    while not stop.is_set():
        schedule.sweep()
        stop.wait(_SWEEP_EVERY_S)

"""The schedule: wakes the workers every five seconds, and runs the daily and hourly work.

One process is enough; two do no harm. Losing Redis, a wake-up or a worker only delays a row until
the next sweep.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Event

from redis import RedisError
from sqlalchemy.exc import OperationalError

from core.clock import system_clock
from core.db.engine import make_engine
from core.errors import Refused
from core.unit import OpenUnit, Unit, unit_opener
from core.usecases.acts.approvals import expire_requests
from core.usecases.catalogue.access_fees import accrue_access_rates
from core.usecases.devices.code_windows import report_wide_windows
from core.usecases.messages.reminders import find_due_reminders, send_reminders
from core.usecases.operators.months import make_months_ahead
from core.usecases.operators.periodic_jobs import report_job_done, report_job_failed
from core.usecases.people.purge import NIGHTLY, SHORT_LIVED, RetentionSettings
from core.usecases.registration.claims import find_lapsed_claims, release_claim
from core.usecases.sales.default_sale import default_late_sale, find_late_sales
from core.wording.product import check_wording
from gateway.heartbeat import record_heartbeat
from gateway.redis_client import fail_fast_redis
from gateway.settings import ServicesSettings
from gateway.work_queues import QUEUES, WorkQueues
from workers.purge import purge_rules

log = logging.getLogger(__name__)

_SWEEP_EVERY_S = 5.0
_ROWS_A_PAGE = 500
_RETRY_AFTER = timedelta(minutes=5)
# The nightly purge begins so long after midnight in the market.
_NIGHT = timedelta(hours=2)

Progress = Callable[[int], None]


@dataclass(slots=True)
class PeriodicJob:
    """Work that is done once in every period; `name` is a noun phrase for operators.

    `period_of` gives the period of an instant; `done_for` is the last period it was done for.
    After an unexpected failure it is not tried again before `retry_at`.
    """

    name: str
    period_of: Callable[[Unit], date | datetime]
    work: Callable[[], object]
    done_for: date | datetime | None = None
    retry_at: datetime | None = None


class Schedule:
    """The periodic work: access fees, the rule for late payers, the months ahead and the purge once
    a day; reminders, the end of requests to approve, and the purge of what is kept for a day once
    an hour."""

    def __init__(
        self,
        open_unit: OpenUnit,
        work_queues: WorkQueues,
        record_heartbeat: Callable[[], None] = lambda: None,
        retention: RetentionSettings | None = None,
    ) -> None:
        self.open_unit = open_unit
        self.work_queues = work_queues
        self.record_heartbeat = record_heartbeat
        self.retention = retention or RetentionSettings.from_environment({})
        self.jobs = (
            PeriodicJob("the daily access fees", lambda unit: unit.today, self._accrue),
            PeriodicJob("the hourly reminders", _hour, self._remind),
            PeriodicJob("the hourly end of requests", _hour, self._expire_requests),
            PeriodicJob("the hourly purge", _hour, lambda: self._purge(SHORT_LIVED)),
            PeriodicJob("the nightly purge", _night, lambda: self._purge(NIGHTLY)),
            PeriodicJob(
                "the hourly return of devices without a down payment", _hour, self._release
            ),
            PeriodicJob("the daily rule for late payers", lambda unit: unit.today, self._default),
            PeriodicJob("the daily months ahead", lambda unit: unit.today, self._make_months),
            PeriodicJob("the daily look for untyped codes", lambda unit: unit.today, self._windows),
        )

    def sweep(self) -> None:
        """Wake every queue, and do the periodic work that is due.

        A service that is away only delays it, and a job that fails delays no other: it becomes a
        case and is tried again after five minutes. Records a heartbeat at the start and after
        every page.
        """
        self.record_heartbeat()
        self.work_queues.wake(QUEUES)
        for job in self.jobs:
            try:
                self._run(job)
            except Refused:
                log.info("no market yet: load a catalogue")
            except OperationalError as error:
                log.warning("the database is away: %s", error.orig)

    def _run(self, job: PeriodicJob) -> None:
        with self.open_unit() as unit:
            now, period = unit.now, job.period_of(unit)
        if period == job.done_for or (job.retry_at is not None and now < job.retry_at):
            return
        try:
            job.work()
        except (Refused, OperationalError):
            raise
        except Exception:
            log.exception("%s failed", job.name)
            job.retry_at = now + _RETRY_AFTER
            with self.open_unit() as unit:
                report_job_failed(unit, job.name)
            return
        if job.retry_at is not None:
            with self.open_unit() as unit:
                report_job_done(unit, job.name)
        job.done_for, job.retry_at = period, None

    def _accrue(self) -> None:
        accrue_all(self.open_unit, lambda fees: self.record_heartbeat())

    def _remind(self) -> None:
        remind_all(self.open_unit, lambda texts: self.record_heartbeat())

    def _make_months(self) -> None:
        with self.open_unit() as unit:
            make_months_ahead(unit)

    def _expire_requests(self) -> None:
        with self.open_unit() as unit:
            expire_requests(unit)

    def _purge(self, rules: Sequence[str]) -> None:
        days = {name: self.retention.days[name] for name in rules}
        purge_rules(self.open_unit, days, self._go_on)

    def _windows(self) -> None:
        with self.open_unit() as unit:
            report_wide_windows(unit)

    def _go_on(self, rows: int) -> None:
        """A purge may take minutes: nothing else waits for it."""
        self.record_heartbeat()
        self.work_queues.wake(QUEUES)

    def _release(self) -> None:
        release_all(self.open_unit, self.record_heartbeat)

    def _default(self) -> None:
        default_all(self.open_unit, self.record_heartbeat)


def _hour(unit: Unit) -> datetime:
    return unit.now.replace(minute=0, second=0, microsecond=0)


def _night(unit: Unit) -> date:
    """The market's day, from the hour of the night on in which hardly anybody calls."""
    return unit.market.local_date(unit.now - _NIGHT)


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


def release_all(open_unit: OpenUnit, progress: Callable[[], None] = lambda: None) -> int:
    """Take back what callers took and did not begin to pay; returns how many devices came back."""
    with open_unit() as unit:
        lapsed = find_lapsed_claims(unit)
    released = 0
    for sale_id in lapsed:
        # What is on its way for a device must land first: it is looked at again in an hour.
        with suppress(Refused), open_unit() as unit:
            released += release_claim(unit, sale_id)
        progress()
    return released


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


def default_all(open_unit: OpenUnit, progress: Callable[[], None]) -> None:
    """Declare the sales of late payers in default, by the market's rule; each in its own commit."""
    with open_unit() as unit:
        late = find_late_sales(unit)
    for sale_id in late:
        with open_unit() as unit:
            default_late_sale(unit, sale_id)
        progress()


def run() -> None:
    """Sweep until a signal to stop. Refuses to start with faulty wording."""
    check_wording()
    services = ServicesSettings.from_environment(os.environ)
    redis = fail_fast_redis(services.redis_url)

    def heartbeat() -> None:
        with suppress(RedisError):
            record_heartbeat(redis, system_clock())

    work_queues = WorkQueues(services.redis_url)
    engine = make_engine(services.database_url, name="dialwatt schedule")
    open_unit = unit_opener(engine, after_commit=work_queues.wake)
    retention = RetentionSettings.from_environment(os.environ)
    schedule = Schedule(open_unit, work_queues, heartbeat, retention)
    stop = Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    while not stop.is_set():
        schedule.sweep()
        stop.wait(_SWEEP_EVERY_S)

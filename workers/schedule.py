"""The schedule: rings for whatever waits, and runs what is done once a day. One process is enough.

Two at once do no harm. Losing Redis, a bell or a worker only delays a row until the next sweep.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from threading import Event

from sqlalchemy.exc import OperationalError

from core.db.engine import make_engine
from core.errors import Refused
from core.settings import ServicesSettings
from core.unit import OpenUnit, Unit, unit_opener
from core.usecases.accrue_access_rates import accrue_access_rates
from core.usecases.send_reminders import is_daytime, send_reminders
from gateway.ring import Doorbell

log = logging.getLogger(__name__)

_SWEEP_EVERY_S = 5.0
_ROWS_A_PAGE = 500

Page = Callable[[Unit, int, int], tuple[int, int | None]]
Progress = Callable[[int], None]


@dataclass(slots=True)
class Schedule:
    """What has to happen again and again; the days are the last on which it did here."""

    open_unit: OpenUnit
    doorbell: Doorbell
    accrued_on: date | None = None
    reminded_on: date | None = None

    def sweep(self) -> None:
        """Ring every bell; once a day accrue and, by day, remind. A dead service delays it."""
        self.doorbell.ring_all()
        try:
            self._once_a_day()
        except Refused:
            log.info("no market yet: load a catalogue")
        except OperationalError as error:
            log.warning("the database is away: %s", error.orig)

    def _once_a_day(self) -> None:
        with self.open_unit() as unit:
            today, daytime = unit.today, is_daytime(unit)
        if today != self.accrued_on:
            accrue_all(self.open_unit)
            self.accrued_on = today
        if daytime and today != self.reminded_on:
            remind_all(self.open_unit)
            self.reminded_on = today


def accrue_all(open_unit: OpenUnit, progress: Progress = lambda fees: None) -> int:
    """Accrue every meter; returns the fees written."""
    return _page_through(open_unit, accrue_access_rates, progress)


def remind_all(open_unit: OpenUnit, progress: Progress = lambda texts: None) -> int:
    """Remind everybody whose instalment is at a step today; returns how many."""
    return _page_through(open_unit, send_reminders, progress)


def _page_through(open_unit: OpenUnit, page: Page, progress: Progress) -> int:
    """Do it page by page, each in its own commit."""
    total = 0
    after: int | None = 0
    while after is not None:
        with open_unit() as unit:
            done, after = page(unit, after, _ROWS_A_PAGE)
        total += done
        progress(total)
    return total


def run() -> None:
    """Sweep until told to stop."""
    services = ServicesSettings.from_environment(os.environ)
    schedule = Schedule(
        unit_opener(make_engine(services.database_url)), Doorbell(services.redis_url)
    )
    stop = Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    while not stop.is_set():
        schedule.sweep()
        stop.wait(_SWEEP_EVERY_S)

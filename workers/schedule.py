"""The schedule: rings for whatever waits, and runs the daily accrual. One process is enough.

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
from core.unit import OpenUnit, unit_opener
from core.usecases.accrue_access_rates import accrue_access_rates
from gateway.ring import Doorbell

log = logging.getLogger(__name__)

_SWEEP_EVERY_S = 5.0
_METERS_A_PAGE = 500


@dataclass(slots=True)
class Schedule:
    """What has to happen again and again; `accrued_on` is the last day accrued here."""

    open_unit: OpenUnit
    doorbell: Doorbell
    accrued_on: date | None = None

    def sweep(self) -> None:
        """Ring every bell; accrue once a day in the market's zone. A dead service delays it."""
        self.doorbell.ring_all()
        try:
            self._accrue_once_a_day()
        except Refused:
            log.info("no market yet: load a catalogue")
        except OperationalError as error:
            log.warning("the database is away: %s", error.orig)

    def _accrue_once_a_day(self) -> None:
        with self.open_unit() as unit:
            today = unit.today
        if today != self.accrued_on:
            accrue_all(self.open_unit)
            self.accrued_on = today


def accrue_all(open_unit: OpenUnit, progress: Callable[[int], None] = lambda fees: None) -> int:
    """Accrue every meter, page by page, each page in its own commit; returns the fees written."""
    total = 0
    after: int | None = 0
    while after is not None:
        with open_unit() as unit:
            written, after = accrue_access_rates(unit, after, _METERS_A_PAGE)
        total += written
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

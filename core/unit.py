"""The Unit: the open database transaction, the fixed instant and the market, as one argument.

The edge (route, job, command) opens it; returning commits, raising rolls back. After the commit
the workers of the queues in `wakes` are woken.

Locks are taken in one order everywhere: agents, prompts, payments, customers, devices,
vendor_accounts, circuits, vends, cases. In one table they are taken in the order of the ids, of
cases in the order of their keys. Other rows belong to one of these (a sale and its instalments to
their customer, a refund to its payment) and change only while that one is locked. A row is locked
with FOR NO KEY UPDATE, which does not stop rows that only refer to it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from time import monotonic
from typing import Literal, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError, OperationalError

from core.channel import Channels
from core.clock import Clock, system_clock
from core.db.tariffs import find_market
from core.errors import BrokenInvariant, Refused
from core.market import Market
from core.pin import Pins

NO_CHANNELS = Channels()
# The queues of the workers. `gateway.work_queues` has the job of each.
QueueName = Literal["payments", "prompts", "sms", "vends", "reconciliation"]


@dataclass(frozen=True, slots=True)
class Unit:
    """What every use case is given first. `channels`: the mobile-money channels.

    `wakes`: the queues that have work after the commit. Code that writes a row for a queue adds it.
    """

    connection: Connection
    now: datetime
    market: Market
    given_pins: Pins | None = None
    channels: Channels = NO_CHANNELS
    wakes: set[QueueName] = field(default_factory=set)

    @property
    def pins(self) -> Pins:
        """What checks agents' PINs, where an edge was given the pepper."""
        if self.given_pins is None:
            raise BrokenInvariant("this process was not given PIN_PEPPER")
        return self.given_pins

    @property
    def today(self) -> date:
        """The date in the market's zone."""
        return self.market.local_date(self.now)

    def paid_on(self, paid_at: datetime) -> date:
        """The day whose prices and debts count for a payment made at that instant: the market's
        date then, never later than today, because a provider's clock may be ahead."""
        return min(self.market.local_date(paid_at), self.today)

    def begin_of(self, day: date | None) -> datetime | None:
        """When an act that a person dates by its day happened: as that day began in the market.
        None, which means now, without a day and for today."""
        return None if day in (None, self.today) else self.market.first_instant(day)


Result = TypeVar("Result")
Item = TypeVar("Item")
OpenUnit = Callable[[], AbstractContextManager[Unit]]


def retry_on_conflict(work: Callable[[], Result]) -> Result:
    """Return the result of `work`, which opens a Unit of its own; run it again on a unique
    conflict.

    Another transaction may take the same code, number or serial number between reading and writing.
    The first run leaves nothing behind, and the second run sees the other row.
    """
    try:
        return work()
    except IntegrityError:
        return work()


def do_all_or_each(
    unit: Unit, items: Sequence[Item], work: Callable[[Sequence[Item]], None]
) -> list[tuple[Item, Exception]]:
    """Do `work` on all items in one savepoint; where that fails, on each item in its own.

    So one bad item never stops its neighbours. Returns the items that failed alone with their
    errors; what they wrote is rolled back. Raises OperationalError: the database itself is in
    trouble.
    """
    error = _in_savepoint(unit, items, work)
    if error is None:
        return []
    if len(items) == 1:
        return [(items[0], error)]
    errors = [(item, _in_savepoint(unit, [item], work)) for item in items]
    return [(item, error) for item, error in errors if error is not None]


def _in_savepoint(
    unit: Unit, items: Sequence[Item], work: Callable[[Sequence[Item]], None]
) -> Exception | None:
    try:
        with unit.connection.begin_nested():
            work(items)
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001  the caller reports it
        return error
    return None


# The market hardly ever changes; every process notices a change within this.
MARKET_KEPT_S = 5.0


def unit_opener(
    engine: Engine,
    clock: Clock = system_clock,
    pins: Pins | None = None,
    channels: Channels = NO_CHANNELS,
    market_if_none: Market | None = None,
    after_commit: Callable[[Collection[QueueName]], None] | None = None,
) -> OpenUnit:
    """A function that opens a Unit on `engine`. On an empty database it raises
    Refused("no_market"), unless `market_if_none` names a market to work with there.

    `after_commit` is given the Unit's `wakes` after each commit that leaves work for a queue. It
    must not raise: what the Unit wrote stays.
    """
    market: Market | None = None
    read_at = 0.0

    @contextmanager
    def open_unit() -> Iterator[Unit]:
        nonlocal market, read_at
        with engine.begin() as connection:
            if market is None or monotonic() - read_at > MARKET_KEPT_S:
                market, read_at = find_market(connection), monotonic()
            present = market or market_if_none
            if present is None:
                raise Refused("no_market")
            unit = Unit(connection, clock(), present, pins, channels)
            try:
                yield unit
            except Refused as refused:
                refused.currency = present.currency
                raise
        if unit.wakes and after_commit:
            after_commit(unit.wakes)

    return open_unit

"""Units that read without a thread: a function runs until it needs rows, and again once they came.

Only for functions that change nothing and may be run more than once, like those of screens.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TypeVar, cast

from sqlalchemy import Connection

from core.clock import Clock
from core.db.link import DatabaseLink, LinkDown, NeedsThread, NotRead, ReadAhead
from core.db.tariffs import find_market
from core.errors import Refused
from core.market import Market
from core.unit import MARKET_KEPT_S, Unit

__all__ = ["LinkDown", "NeedsThread", "QuickReads", "QuickUnit"]

T = TypeVar("T")


class QuickUnit:
    """A Unit for functions that only read, and what they have read so far."""

    def __init__(self, link: DatabaseLink, ahead: ReadAhead, unit: Unit) -> None:
        self.unit = unit
        self._link = link
        self._ahead = ahead

    async def read(self, work: Callable[[], T]) -> T:
        """What `work` returns, which reads through `unit`.

        Raises LinkDown when the database does not answer, NeedsThread when `work` wants more than
        plain reads, and whatever `work` raises.
        """
        return await _work_with_rows(self._link, self._ahead, work)


async def _work_with_rows(link: DatabaseLink, ahead: ReadAhead, work: Callable[[], T]) -> T:
    while True:
        try:
            return work()
        except NotRead as wanted:
            ahead.add(wanted, await link.rows(wanted.statement, wanted.parameters))


class QuickReads:
    """Opens QuickUnits, in one event loop. `unit_opener` does the same for threads."""

    def __init__(self, link: DatabaseLink, clock: Clock) -> None:
        self._link = link
        self._clock = clock
        self._market: Market | None = None
        self._read_at = 0.0

    async def ready(self) -> None:
        """Wait until there is a connection, or none can be opened."""
        await self._link.ready()

    async def open(self) -> QuickUnit:
        """Raises Refused("no_market"), LinkDown."""
        ahead = ReadAhead()
        connection = cast("Connection", ahead)
        market = self._market
        if market is None or monotonic() - self._read_at > MARKET_KEPT_S:
            market = await self._read_market(connection, ahead)
        return QuickUnit(self._link, ahead, Unit(connection, self._clock(), market))

    async def _read_market(self, connection: Connection, ahead: ReadAhead) -> Market:
        market = await _work_with_rows(self._link, ahead, lambda: find_market(connection))
        if market is None:
            raise Refused("no_market")
        self._market, self._read_at = market, monotonic()
        return market

    def close(self) -> None:
        self._link.close()

"""Reads without threads: statements of an event loop, each one round trip on a connection of its
own while it runs.

What is read here is read in the same words by `exec_driver_sql` on an ordinary connection: a use
case does not know which of them it has. psycopg's own cursors cost as much as such a statement, so
this speaks to libpq through `psycopg.pq`, as psycopg does:
https://www.psycopg.org/psycopg3/docs/api/pq.html
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import pq
from psycopg.adapt import Transformer

Row = tuple[Any, ...]
Parameter = str | int
Connection = psycopg.Connection[Row]

# The server ends a statement long before this, so what takes longer has lost its connection.
_LONGEST_S = 2.0
# The SQLSTATEs with which the server ends a connection.
_SERVER_ENDS = b"57P"


class LinkDown(Exception):
    """The statement was not answered: no connection is open, or free, or the server refused it."""


class NotRead(Exception):
    """A function needs the rows of a statement that was not sent yet."""

    def __init__(self, statement: str, parameters: tuple[Parameter, ...]) -> None:
        super().__init__("a statement was not sent yet")
        self.statement = statement
        self.parameters = parameters


class NeedsThread(Exception):
    """A function wants more of its connection than rows of plain statements."""


class _Rows:
    """The rows of a statement, as `Result` gives them."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def all(self) -> Sequence[Row]:
        return self._rows


class ReadAhead:
    """Stands for a connection where no function may wait: it has the rows that were read so far.

    `exec_driver_sql(...).all()` gives them, or raises NotRead; anything else raises NeedsThread.
    """

    def __init__(self) -> None:
        self._rows_read: dict[tuple[str, tuple[Parameter, ...]], _Rows] = {}

    def exec_driver_sql(self, statement: str, parameters: tuple[Parameter, ...] = ()) -> _Rows:
        found = self._rows_read.get((statement, parameters))
        if found is None:
            raise NotRead(statement, parameters)
        return found

    def add(self, wanted: NotRead, rows: Sequence[Row]) -> None:
        """Keep the rows of a statement."""
        self._rows_read[wanted.statement, wanted.parameters] = _Rows(rows)

    def __getattr__(self, name: str) -> Any:
        raise NeedsThread(name)


class DatabaseLink:
    """At most `most` connections of one event loop, opened when they are needed.

    `conninfo` is libpq's. A statement that finds no connection waits for one that others use, and
    not at all where there is none yet: the caller has another way.
    """

    def __init__(self, conninfo: str, most: int) -> None:
        self._conninfo = conninfo
        self._most = most
        self._wires: list[_Wire] = []
        self._free: list[_Wire] = []
        self._queue: deque[asyncio.Future[_Wire]] = deque()
        self._opening: asyncio.Task[None] | None = None

    async def rows(self, statement: str, parameters: tuple[Parameter, ...]) -> Sequence[Row]:
        """The rows of a statement with `%s` for each parameter. Raises LinkDown."""
        wire = self._free.pop() if self._free else await self._next_free()
        try:
            return await wire.rows(statement, parameters)
        finally:
            self._give_back(wire)

    async def ready(self) -> None:
        """Open a connection, and wait until it is open or cannot be opened."""
        if not self._wires:
            self._open_another()
        if self._opening is not None:
            await self._opening

    def _open_another(self) -> None:
        if len(self._wires) < self._most and self._opening is None:
            self._opening = asyncio.get_running_loop().create_task(self._open())

    async def _next_free(self) -> _Wire:
        self._open_another()
        if not self._wires:
            raise LinkDown("no connection is open yet")
        place: asyncio.Future[_Wire] = asyncio.get_running_loop().create_future()
        self._queue.append(place)
        return await place

    def _give_back(self, wire: _Wire) -> None:
        if wire.is_broken:
            wire.close()
            self._wires.remove(wire)
            while self._queue and not self._wires:
                self._fail(self._queue.popleft())
            return
        while self._queue:
            place = self._queue.popleft()
            if not place.done():
                place.set_result(wire)
                return
        self._free.append(wire)

    def _fail(self, place: asyncio.Future[_Wire]) -> None:
        if not place.done():
            place.set_exception(LinkDown("the connection broke"))

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            connection = await loop.run_in_executor(None, _connect, self._conninfo)
        except psycopg.Error:
            return  # the other way says what is wrong
        finally:
            self._opening = None
        wire = _Wire(connection, loop)
        self._wires.append(wire)
        self._give_back(wire)

    def close(self) -> None:
        for wire in self._wires:
            wire.close()
        self._wires, self._free = [], []


class _Wire:
    """A connection with one statement at a time, each prepared when it comes first."""

    def __init__(
        self, connection: psycopg.Connection[Any], loop: asyncio.AbstractEventLoop
    ) -> None:
        self.is_broken = False
        self._connection = connection
        self._pgconn = connection.pgconn
        self._pgconn.nonblocking = 1
        self._loop = loop
        self._names: dict[str, bytes] = {}
        self._results: list[pq.abc.PGresult] = []
        self._answer: asyncio.Future[pq.abc.PGresult] | None = None
        self._transformer = Transformer(connection)
        self._sent_at = 0.0
        self._clock: asyncio.TimerHandle | None = None
        self._socket: int | None = self._pgconn.socket
        loop.add_reader(self._socket, self._read_answer)

    async def rows(self, statement: str, parameters: tuple[Parameter, ...]) -> Sequence[Row]:
        name = self._names.get(statement)
        try:
            if name is None:
                name = b"read_%d" % len(self._names)
                self._pgconn.send_prepare(name, _numbered(statement))
                await self._answered()
                self._names[statement] = name
            self._pgconn.send_query_prepared(name, [str(each).encode() for each in parameters])
            result = await self._answered()
        except psycopg.Error as error:
            self.is_broken = True
            raise LinkDown(str(error)) from error
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, tuple)

    async def _answered(self) -> pq.abc.PGresult:
        """The result of what was sent. Raises LinkDown where it is an error."""
        if self._pgconn.flush():  # it is a few hundred bytes, so the peer does not read at all
            self.is_broken = True
            raise LinkDown("the server does not read")
        self._answer = self._loop.create_future()
        self._sent_at = self._loop.time()
        if self._clock is None:
            self._clock = self._loop.call_later(_LONGEST_S, self._look_at_the_clock)
        result = await self._answer
        if result.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
            state = result.error_field(pq.DiagnosticField.SQLSTATE) or b""
            self.is_broken = state.startswith(_SERVER_ENDS)
            raise LinkDown(pq.error_message(result))
        return result

    def _look_at_the_clock(self) -> None:
        self._clock = None
        if self._answer is None:
            return
        left_s = self._sent_at + _LONGEST_S - self._loop.time()
        if left_s > 0:
            self._clock = self._loop.call_later(left_s, self._look_at_the_clock)
        else:
            self.close()

    def _read_answer(self) -> None:
        try:
            self._pgconn.consume_input()
            while not self._pgconn.is_busy():
                result = self._pgconn.get_result()
                if result is None:
                    self._end_answer()
                    return
                self._results.append(result)
        except psycopg.Error:
            self.close()

    def _end_answer(self) -> None:
        answer, self._answer = self._answer, None
        results, self._results = self._results, []
        if answer is not None and not answer.done() and results:
            answer.set_result(results[-1])

    def close(self) -> None:
        """Close the connection; what is under way raises LinkDown."""
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._socket = None
            self._pgconn.finish()
        self.is_broken = True
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(LinkDown("the connection broke"))


def _connect(conninfo: str) -> Connection:
    return psycopg.connect(conninfo)


def _numbered(statement: str) -> bytes:
    """The statement with `$1`, `$2` and so on in place of each `%s`."""
    first, *rest = statement.split("%s")
    numbered = "".join(f"${place}{part}" for place, part in enumerate(rest, start=1))
    return (first + numbered).replace("%%", "%").encode()

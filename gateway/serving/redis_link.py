"""Redis without threads: commands of the event loop on one connection, answered in their order.

The same server, time-out and circuit as those of `fail_fast_redis`, for callers who have another
way when it does not answer. Many commands are under way at once; Redis answers them in order.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, cast

import hiredis
from redis import SSLConnection
from redis.connection import parse_url

from gateway.redis_client import TIMEOUT_S, circuit_of

Answer = asyncio.Future[Any]
# Neither is typed as it is meant.
_parse: Callable[[str], dict[str, Any]] = parse_url
_pack = cast("Callable[[tuple[str | bytes, ...]], bytes]", hiredis.pack_command)


class LinkDown(Exception):
    """There is no connection at the moment. Nothing is known of what was under way."""


class RedisLink:
    """One connection of this process, opened by the first command that needs it.

    It belongs to the event loop that uses it. While it is not open a command raises LinkDown at
    once, and so does one that is under way when it breaks or when Redis takes too long.
    """

    def __init__(self, redis_url: str) -> None:
        self._options = _parse(redis_url)
        self._circuit = circuit_of(redis_url)
        self._wire: _Wire | None = None
        self._opening: asyncio.Task[None] | None = None

    def call(self, *command: str | bytes) -> Answer:
        """Send a command. Awaiting it gives the answer; an error of Redis raises
        hiredis.ReplyError. Raises LinkDown."""
        wire = self._wire
        if wire is None or wire.is_closed or self._circuit.is_open:
            self.open()
            raise LinkDown
        return wire.send(command)

    def open(self) -> None:
        """Open the connection in the background, unless it is open or being opened."""
        is_open = self._wire is not None and not self._wire.is_closed
        if is_open or self._circuit.is_open or self._opening is not None:
            return
        self._opening = asyncio.get_running_loop().create_task(self._open())

    async def ready(self) -> None:
        """Open the connection, and wait until it is open or cannot be opened."""
        self.open()
        if self._opening is not None:
            await self._opening

    async def _open(self) -> None:
        try:
            self._wire = await asyncio.wait_for(self._connect(), 1.0)
        except (OSError, TimeoutError, LinkDown, hiredis.HiredisError):
            self._wire = None  # the other way says what is wrong
        finally:
            self._opening = None

    async def _connect(self) -> _Wire:
        loop, options = asyncio.get_running_loop(), self._options
        wire = _Wire(loop, self._circuit.trip)
        if "path" in options:
            await loop.create_unix_connection(lambda: wire, options["path"])
        else:
            host, port = options.get("host", "localhost"), options.get("port", 6379)
            await loop.create_connection(lambda: wire, host, port, ssl=_tls(options))
        if password := options.get("password"):
            await wire.send(("AUTH", options.get("username") or "default", password))
        if db := options.get("db"):
            await wire.send(("SELECT", str(db)))
        return wire

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()


def _tls(options: Mapping[str, Any]) -> ssl.SSLContext | None:
    """What a `rediss://` address says of certificates, as redis-py reads it."""
    if not issubclass(options.get("connection_class", object), SSLConnection):
        return None
    context = ssl.create_default_context(cafile=options.get("ssl_ca_certs"))
    if options.get("ssl_cert_reqs", "required") == "none":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate := options.get("ssl_certfile"):
        context.load_cert_chain(certificate, options.get("ssl_keyfile"))
    return context


class _Wire(asyncio.Protocol):
    """A connection: commands out, answers in, and the clock of the oldest that waits."""

    def __init__(self, loop: asyncio.AbstractEventLoop, trip: Any) -> None:
        self.is_closed = False
        self._loop = loop
        self._trip = trip
        self._reader = hiredis.Reader()
        self._waiting: deque[tuple[Answer, float]] = deque()
        self._transport: asyncio.Transport | None = None
        self._clock: asyncio.TimerHandle | None = None

    def send(self, command: tuple[str | bytes, ...]) -> Answer:
        if self._transport is None or self.is_closed:
            raise LinkDown
        answer: Answer = self._loop.create_future()
        self._waiting.append((answer, self._loop.time()))
        self._transport.write(_pack(command))
        if self._clock is None:
            self._clock = self._loop.call_later(TIMEOUT_S, self._look_at_the_clock)
        return answer

    def _look_at_the_clock(self) -> None:
        self._clock = None
        if not self._waiting:
            return
        left_s = self._waiting[0][1] + TIMEOUT_S - self._loop.time()
        if left_s > 0:
            self._clock = self._loop.call_later(left_s, self._look_at_the_clock)
            return
        self.close()
        self._trip()

    def close(self) -> None:
        """Close the connection; whatever is under way raises LinkDown."""
        self.is_closed = True
        if self._transport is not None:
            self._transport.abort()
        while self._waiting:
            answer, _ = self._waiting.popleft()
            if not answer.done():
                answer.set_exception(LinkDown())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.close()

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (found := self._reader.gets()) is not False:
            answer, _ = self._waiting.popleft()
            if answer.done():  # the caller does not wait any more
                continue
            if isinstance(found, hiredis.ReplyError):
                answer.set_exception(found)
            else:
                answer.set_result(found)

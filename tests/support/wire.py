"""A wire to PostgreSQL or Redis that counts round trips: what is sent after an answer.

Statements, BEGIN, COMMIT, pings and preparations all count, because all of them wait; statements
that are sent together count once.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from sqlalchemy import make_url


@dataclass
class Wire:
    """`url` leads through it. `trips` counts since it was last set."""

    url: str
    trips: int = 0
    answered: bool = True

    def sent(self) -> None:
        self.trips += self.answered
        self.answered = False

    def received(self) -> None:
        self.answered = True


def wire_to(database_url: str) -> AbstractContextManager[Wire]:
    """The wire, for as long as the context is open. Count with one connection at a time."""
    real = make_url(database_url)
    query = dict(real.query)
    address = f"{query.pop('host')}/.s.PGSQL.{query.pop('port')}"

    def through(host: str, port: int) -> str:
        return real.set(host=host, port=port, query=query).render_as_string(hide_password=False)

    return _wire(address, through)


def wire_to_redis(redis_url: str) -> AbstractContextManager[Wire]:
    """A wire to Redis on its socket. A pipeline counts once. Count with one call at a time."""
    real = urlsplit(redis_url)
    user, at, _ = real.netloc.rpartition("@")
    return _wire(unquote(real.path), lambda host, port: f"redis://{user}{at}{host}:{port}/0")


@contextmanager
def _wire(address: str, through: Callable[[str, int], str]) -> Iterator[Wire]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        wire = Wire(through(*server.getsockname()))
        threading.Thread(target=_serve, args=(server, address, wire), daemon=True).start()
        yield wire


def _serve(server: socket.socket, address: str, wire: Wire) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:  # the context was left
            return
        real = socket.socket(socket.AF_UNIX)
        real.connect(address)
        for source, sink, note in (
            (client, real, wire.sent),
            (real, client, wire.received),
        ):
            threading.Thread(target=_carry, args=(source, sink, note), daemon=True).start()


def _carry(source: socket.socket, sink: socket.socket, note: Callable[[], None]) -> None:
    """Until one end hangs up; then the other end hears of it too."""
    with source:
        with suppress(OSError):
            while chunk := source.recv(65536):
                note()
                sink.sendall(chunk)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

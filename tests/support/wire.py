"""A wire between a process and PostgreSQL that counts round trips: what is sent after an answer.

Statements, BEGIN, COMMIT, pings and preparations all count, because all of them wait; statements
that are sent together count once.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

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


@contextmanager
def wire_to(database_url: str) -> Iterator[Wire]:
    """The wire, for as long as the context is open. Count with one connection at a time."""
    real = make_url(database_url)
    query = dict(real.query)
    address = f"{query.pop('host')}/.s.PGSQL.{query.pop('port')}"
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        through = real.set(host=host, port=port, query=query)
        wire = Wire(through.render_as_string(hide_password=False))
        threading.Thread(target=_serve, args=(server, address, wire), daemon=True).start()
        yield wire


def _serve(server: socket.socket, address: str, wire: Wire) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:  # the context was left
            return
        postgres = socket.socket(socket.AF_UNIX)
        postgres.connect(address)
        for source, sink, note in (
            (client, postgres, wire.sent),
            (postgres, client, wire.received),
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

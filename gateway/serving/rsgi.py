"""The server's entry: reads each request whole, with a deadline, and hands it to its lane.

A body is read in the event loop, before a thread is taken, so that a caller who sends slowly holds
a socket and nothing else. Granian's RSGI: https://github.com/emmett-framework/granian, docs/spec.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

from core.errors import BadCallback
from gateway.gate import LARGEST_BODY
from gateway.serving.lane import Answer, Lane, Request, Scope, plain

# From the end of the headers to the end of the body.
BODY_S = 5.0
_CLOSE = ("connection", "close")


class Server:
    """One process of the web: its lanes, and which of them serves an address."""

    def __init__(
        self,
        lane_of: Callable[[str], Lane],
        lanes: Iterable[Lane],
        close: Callable[[], None],
        largest_body: Callable[[str], int] = lambda path: LARGEST_BODY,
    ) -> None:
        self._lane_of = lane_of
        self._lanes = tuple(lanes)
        self._close = close
        self._largest_body = largest_body

    async def __rsgi__(self, scope: Scope, protocol: Any) -> None:
        if scope.proto != "http":
            return
        try:
            check_headers(scope)
            async with asyncio.timeout(BODY_S):
                body = await read_whole(scope, protocol, self._largest_body(scope.path))
        except BadCallback as reason:
            return _send(protocol, plain(400, str(reason), _CLOSE))
        except TimeoutError:
            return _send(protocol, plain(408, "the body did not come in time", _CLOSE))
        lane = self._lane_of(scope.path)
        head, respond = partial(environ_of, scope), partial(_send, protocol)
        await lane.serve(Request(head, body, respond, scope))

    def __rsgi_del__(self, loop: object) -> None:
        for lane in self._lanes:
            lane.close()
        self._close()


def _send(protocol: Any, answer: Answer) -> None:
    headers = [(name.lower(), value) for name, value in answer.headers]
    protocol.response_bytes(answer.status, headers, answer.body)


async def read_whole(scope: Scope, protocol: Any, most: int) -> bytes:
    """The body, or of one that is larger than `most` bytes as much as shows it.

    What has announced itself as larger is not read at all: who is asked refuses it by its length.
    """
    announced = scope.headers.get("content-length")
    if announced is not None:
        return b"" if int(announced) > most else await protocol()
    if scope.headers.get("transfer-encoding") is None:
        return b""
    read = bytearray()
    async for part in protocol:
        read += part
        if len(read) > most:
            break
    return bytes(read)


def environ_of(scope: Scope) -> dict[str, Any]:
    """The WSGI environment (PEP 3333) of a request, without its body.

    A header whose name has an underscore is passed over, as proxies do.
    """
    address, _, port = scope.client.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "SERVER_NAME": "dialwatt",
        "SERVER_PORT": "",
        "REMOTE_ADDR": address.strip("[]"),
        "REMOTE_PORT": port,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    _add_headers(environ, scope.headers.items())
    return environ


def check_headers(scope: Scope) -> None:
    """Raises BadCallback for a header that is given under two names: WSGI writes `A-B` and `A_B` as
    one."""
    names = set(scope.headers.keys())
    underscored = {name.replace("_", "-") for name in names if "_" in name}
    if underscored & names:
        raise BadCallback("a header is given under two names")


def _add_headers(environ: dict[str, Any], headers: Iterable[tuple[str, str]]) -> None:
    for name, value in headers:
        if "_" in name:
            continue
        key = "HTTP_" + name.upper().replace("-", "_")
        if name in ("content-type", "content-length"):
            key = key.removeprefix("HTTP_")
        if key in environ:
            value = environ[key] + ("; " if name == "cookie" else ",") + value
        environ[key] = value
    with suppress(KeyError):
        environ["SERVER_NAME"], _, environ["SERVER_PORT"] = environ["HTTP_HOST"].partition(":")

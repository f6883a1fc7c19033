"""The server's entry: bodies have a limit in size and in time, and headers one name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.datastructures import Headers

from gateway.serving import rsgi
from gateway.serving.lane import Lane
from gateway.serving.rsgi import Server, environ_of
from gateway.serving.sizes import Size

PATIENCE_S = 60.0


class Protocol:
    """What RSGI gives besides the head: the body, in parts, and the way back."""

    def __init__(self, *parts: bytes, hangs: bool = False) -> None:
        self.parts, self.hangs, self.read = parts, hangs, 0
        self.heard: list[tuple[int, dict[str, str], bytes]] = []

    async def __call__(self) -> bytes:
        return b"".join([part async for part in self])

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            self.read += len(part)
            yield part
        if self.hangs:
            await asyncio.Event().wait()

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.heard.append((status, dict(headers), body))


def head(*headers: tuple[str, str], path: str = "/sms/x", method: str = "POST") -> Any:
    return SimpleNamespace(
        proto="http",
        http_version="1.1",
        client="192.0.2.1:4711",
        scheme="http",
        method=method,
        path=path,
        query_string="a=1",
        headers=Headers(list(headers)),
    )


def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("X-Length", environ.get("CONTENT_LENGTH", "none"))])
    return [environ["wsgi.input"].read()]


def ask(scope: Any, protocol: Protocol, most: int = 10) -> tuple[int, dict[str, str], bytes]:
    lane = Lane("echo", echo, Size(1, 5, PATIENCE_S))
    server = Server(lambda path: lane, [lane], lambda: None, lambda path: most)
    asyncio.run(server.__rsgi__(scope, protocol))
    server.__rsgi_del__(None)
    [answer] = protocol.heard
    return answer


def test_a_body_reaches_the_application_whole() -> None:
    answer = ask(head(("content-length", "6")), Protocol(b"abc", b"def"))
    assert answer == (200, {"x-length": "6"}, b"abcdef")


def test_a_body_that_announces_too_much_is_not_read() -> None:
    protocol = Protocol(b"a" * 11)
    assert ask(head(("content-length", "11")), protocol) == (200, {"x-length": "11"}, b"")
    assert protocol.read == 0


def test_of_a_body_without_a_length_no_more_is_read_than_shows_that_it_is_too_large() -> None:
    protocol = Protocol(b"a" * 8, b"b" * 8, b"c" * 8)
    status, _, body = ask(head(("transfer-encoding", "chunked")), protocol)
    assert (status, len(body), protocol.read) == (200, 16, 16)


@pytest.mark.parametrize("how", [("content-length", "9"), ("transfer-encoding", "chunked")])
def test_a_body_that_does_not_come_takes_no_thread_and_is_cut(
    monkeypatch: pytest.MonkeyPatch, how: tuple[str, str]
) -> None:
    monkeypatch.setattr(rsgi, "BODY_S", 0.01)
    status, headers, _ = ask(head(how), Protocol(b"a", hangs=True))
    assert (status, headers["connection"]) == (408, "close")


def test_the_environment_is_that_of_wsgi() -> None:
    environ = environ_of(
        head(
            ("host", "gateway.example:8000"),
            ("content-type", "text/plain"),
            ("x-forwarded-for", "1.1.1.1"),
            ("x-forwarded-for", "2.2.2.2"),
            ("cookie", "a=1"),
            ("cookie", "b=2"),
            path="/payments/é",
        )
    )
    assert environ["PATH_INFO"] == "/payments/é".encode().decode("latin-1")
    assert (environ["REMOTE_ADDR"], environ["REMOTE_PORT"]) == ("192.0.2.1", "4711")
    assert environ["HTTP_X_FORWARDED_FOR"] == "1.1.1.1,2.2.2.2"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert (environ["CONTENT_TYPE"], environ["QUERY_STRING"]) == ("text/plain", "a=1")
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("gateway.example", "8000")


def test_a_header_under_two_names_is_refused_and_an_underscore_alone_passed_over() -> None:
    both = head(("x-forwarded-for", "6.6.6.6"), ("x_forwarded_for", "196.201.214.200"))
    assert ask(both, Protocol())[0] == 400
    assert "HTTP_X_FORWARDED_FOR" not in environ_of(head(("x_forwarded_for", "196.201.214.200")))

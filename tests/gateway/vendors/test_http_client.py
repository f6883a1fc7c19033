"""Requests to vendors: what is certain when there is no good answer, and what never gets out."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from core.errors import Temporary
from core.vend import NotSent, Refusal, Unknown
from gateway.vendors import http_client
from gateway.vendors.http_client import Reply, Settled, VendorHttp, answering
from tests.support.standins import canned, closed_port_url, served

SECRET = "hunter2-hunter2"


def ended(url: str, method: str = "order", **request: Any) -> object:
    """How a request ends: the reply, or the answer that it settles."""
    http = VendorHttp(url, [SECRET])
    try:
        return getattr(http, method)("POST", "/vend", **request)
    except Settled as settled:
        return settled.answer


@contextmanager
def raw(answer: bytes) -> Iterator[str]:
    """A server that reads a request, sends these bytes and closes the line."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            line, _ = listening.accept()
            with line:
                line.recv(65_536)
                line.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


def test_no_connection_is_no_vend_and_a_broken_one_may_be() -> None:
    assert isinstance(ended(closed_port_url()), NotSent)
    assert isinstance(ended("http://no-such-host.invalid"), NotSent)
    for answer in (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", b"nonsense\r\n\r\n"):
        with raw(answer) as url:
            assert isinstance(ended(url), Unknown), answer
        with raw(answer) as url:  # a request that only reads has vended nothing
            assert isinstance(ended(url, "ask"), NotSent), answer


def test_a_certificate_that_is_not_the_vendors_ends_it_before_anything_is_sent() -> None:
    with raw(b"\x15\x03\x03\x00\x02\x02\x28") as url:
        assert isinstance(ended(url.replace("http:", "https:")), NotSent | Unknown)


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "MAX_BYTES", 1_000)
    with canned(200, "application/json", "[" + "1," * 100_000 + "1]") as url:
        assert ended(url) == Unknown("an answer without end")


def test_an_answer_byte_by_byte_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "READ_S", 0.0001)

    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        for _ in range(2_000):
            yield b"1"

    with served(app) as url:
        assert isinstance(ended(url), Unknown)


def test_nobody_is_sent_on_to_another_address() -> None:
    asked: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        asked.append(environ["PATH_INFO"])
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response("307 Moved", [("Location", "/elsewhere"), ("Content-Length", "0")])
        return []

    with served(app) as url:
        reply = ended(url, json={"password": SECRET})
        assert isinstance(reply, Reply)
        with pytest.raises(Settled) as settled:
            reply.document()
    assert isinstance(settled.value.answer, Unknown)
    assert asked == ["/vend"]


@pytest.mark.parametrize(
    ("status", "body", "wanted"),
    [
        (200, "<html>", Unknown),
        (200, "", Unknown),
        (302, "", Unknown),
        (400, "<html>", NotSent),
        (401, "{}", Refusal),
        (403, '{"detail": "no"}', Refusal),
        (404, "<html>", NotSent),
        (408, "{}", Unknown),
        (409, "{}", Unknown),
        (429, "{}", NotSent),
        (500, '{"error": "x"}', Unknown),
        (502, "<html>", Unknown),
        (503, "", Unknown),
    ],
)
def test_what_a_status_alone_settles(status: int, body: str, wanted: type) -> None:
    with pytest.raises(Settled) as settled:
        Reply(status, body, str).document()
    assert type(settled.value.answer) is wanted


@pytest.mark.parametrize("status", [200, 201, 400, 404, 422])
def test_what_is_left_to_the_driver(status: int) -> None:
    assert Reply(status, '{"reason": "x"}', str).document() == {"reason": "x"}


def test_the_rate_limit_is_kept_before_anything_is_sent() -> None:
    def wait() -> None:
        raise Temporary("koios:main", "rate_limited")

    http = VendorHttp(closed_port_url(), wait=wait)
    with pytest.raises(Settled) as settled:
        http.order("POST", "/payments")
    assert settled.value.answer == NotSent("rate_limited")


def test_no_vend_is_begun_that_could_not_be_answered_in_time() -> None:
    class Slow:
        token = "slow"

        @answering
        def vend(self) -> object:
            http_client._CALL_ENDS_AT.set(0.0)
            return VendorHttp(closed_port_url()).order("POST", "/vend")

    answer = Slow().vend()
    assert isinstance(answer, NotSent)
    assert "too long" in answer.words


def test_a_driver_never_raises_for_what_it_reads(caplog: pytest.LogCaptureFixture) -> None:
    """After an order it may have been done; before one, certainly not."""

    class Careless:
        token = "careless"

        @answering
        def vend(self, url: str = "") -> object:
            if url:
                VendorHttp(url).order("POST", "/vend", json={})
            return {"password": SECRET}["code"]

    with canned(200, "application/json", "{}") as url:
        assert isinstance(Careless().vend(url), Unknown)
    assert isinstance(Careless().vend(), NotSent)
    assert SECRET not in caplog.text


def test_words_that_are_stored_hold_no_secret_and_no_code() -> None:
    words = VendorHttp("http://x", [SECRET]).words(
        f"user jua,\n password {SECRET} wrong for 12345678901234567890 {'x' * 900}"
    )
    assert words.startswith("user jua, password *** wrong for ***890 xxx")
    assert len(words) == 300


def test_no_address_and_no_secret_is_logged_at_any_level(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG), canned(200, "application/json", "{}") as url:
        ended(url, params={"Password": SECRET}, headers={"X-Secret": SECRET})
        ended(closed_port_url(), params={"Password": SECRET})
    logged = "\n".join(f"{record.getMessage()} {record.args}" for record in caplog.records)
    assert SECRET not in logged
    assert "/vend" not in logged


def test_a_password_in_another_programs_file_is_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login jua password {SECRET}")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    shown: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        shown.append(environ.get("HTTP_AUTHORIZATION", ""))
        start_response("200 OK", [("Content-Type", "application/json")])
        return [b"{}"]

    with served(app) as url:
        ended(url)
    assert shown == [""]

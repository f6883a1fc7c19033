"""The web process as its server calls it, in the event loop of a test."""

from __future__ import annotations

from itertools import count
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import Headers

from gateway.serving.rsgi import Server

_ids = count(1)


class _Protocol:
    """The body of a request, and the way back."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.heard: list[tuple[int, dict[str, str], bytes]] = []

    async def __call__(self) -> bytes:
        return self._body

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.heard.append((status, dict(headers), body))


class LoopPhone:
    """Dials and answers, as `Phone` does, through `Server.__rsgi__`."""

    def __init__(self, server: Server, msisdn: str) -> None:
        self._server = server
        self._msisdn = msisdn
        self._ussd_session = ""
        self._text = ""

    async def dial(self, typed: str = "") -> tuple[str, str]:
        """A new session; the screen's id and text."""
        self._ussd_session, self._text = f"Loop_{next(_ids):06}", typed
        return await self.send()

    async def answer(self, typed: str) -> tuple[str, str]:
        """One more input in the same session."""
        self._text = f"{self._text}*{typed}" if self._text else typed
        return await self.send()

    async def send(self) -> tuple[str, str]:
        """The callback as it now stands; sending it again is a repeated callback."""
        form = {
            "sessionId": self._ussd_session,
            "serviceCode": "*384*96#",
            "phoneNumber": self._msisdn,
            "networkCode": "63902",
            "text": self._text,
        }
        body = urlencode(form).encode()
        protocol = _Protocol(body)
        await self._server.__rsgi__(_head(len(body)), protocol)
        [(status, headers, answer)] = protocol.heard
        assert status == 200, answer
        return headers["at-ussd-hop-metadata"], answer.decode()


def _head(length: int) -> Any:
    return SimpleNamespace(
        proto="http",
        http_version="1.1",
        client="192.0.2.1:4711",
        scheme="http",
        method="POST",
        path="/ussd/africastalking/demo",
        query_string="",
        headers=Headers({"content-length": str(length), "host": "gateway.example"}),
    )

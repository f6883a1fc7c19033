"""A phone that speaks Africa's Talking's real wire to a WSGI application in this process."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any
from urllib.parse import urlencode

# How long a test's endpoint works on an answer: a busy machine is no reason to tell the caller
# instead.
PATIENCE_S = 60.0

_ids = count(1)


@dataclass
class Answer:
    """What came back over the wire."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def text(self) -> str:
        return self.body.decode()


def post(app: Any, path: str, body: bytes, **environ: str) -> Answer:
    """One POST to the application, as a server would hand it over."""
    seen: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        seen.update(status=int(status.split()[0]), headers=dict(headers))

    around = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **environ,
    }
    body = b"".join(app(around, start_response))
    return Answer(seen["status"], body, seen["headers"])


@dataclass
class Phone:
    """Dials and answers; `text` is the cumulative history that the aggregator keeps."""

    app: Any
    msisdn: str = "+254711000001"
    path: str = "/ussd/africastalking/demo"
    network: str = "63902"
    service_code: str = "*384*96#"
    ussd_session: str = ""
    text: str = ""
    deliver: Callable[[Callable[[], Answer]], Answer] = field(default=lambda send: send())

    def of(self, msisdn: str) -> Phone:
        """A phone of the same kind with another number."""
        return replace(self, msisdn=msisdn, ussd_session="", text="")

    def dial(self, typed: str = "") -> str:
        """A new session; `typed` is what a long dial carries after the service code."""
        self.ussd_session, self.text = f"ATUid_{next(_ids):06}", typed
        return self.send()

    def answer(self, typed: str) -> str:
        """One more input in the same session."""
        self.text = f"{self.text}*{typed}" if self.text else typed
        return self.send()

    def send(self) -> str:
        """The callback as it now stands; sending it again is a repeated callback."""
        return self.deliver(self.callback).text

    def callback(self) -> Answer:
        """One callback over the wire; fails the test when it is not a proper USSD answer."""
        form = {
            "sessionId": self.ussd_session,
            "serviceCode": self.service_code,
            "phoneNumber": self.msisdn,
            "networkCode": self.network,
            "text": self.text,
        }
        answer = post(self.app, self.path, urlencode(form).encode())
        assert answer.status == 200, answer
        assert answer.text.startswith(("CON ", "END ")), answer
        return answer

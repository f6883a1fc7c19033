"""HTTP client of a gateway: its USSD callback and, where it has them, its simulated phones.

Whatever a door answers is handed on; only silence and nonsense are errors here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin

import requests

from core.errors import BadInput, DialwattError

_PATIENCE_S = 15.0  # Africa's Talking gives up after 10 s, and so would a phone
_API = "phone/api"
Form = dict[str, str]


class StepFailed(DialwattError):
    """A step that could not be done, or showed something else than was wanted."""


@dataclass(frozen=True, slots=True)
class Network:
    """What a phone finds: the code to dial, the gateway of its aggregator, and simulated phones."""

    service_code: str
    network_code: str
    ussd_url: str
    events_url: str
    currency: str = "KES"
    has_phones: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """The answer to one callback; `hop` is the header that the end event tells again."""

    status: int
    body: str
    hop: str = ""

    @property
    def is_ussd(self) -> bool:
        return self.status == 200 and self.body.startswith(("CON ", "END "))


class GatewayClient:
    """HTTP to one gateway."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/") + "/"
        self._http = requests.Session()

    def close(self) -> None:
        self._http.close()

    def network(self) -> Network | None:
        """What the simulated phones use; None where there are none. Raises BadInput."""
        answer = self._send("GET", f"{_API}/network")
        if answer.status_code == 404:
            return None
        told = _json(answer)
        return Network(
            told["service_code"],
            told["network_code"],
            urljoin(self.url, told["ussd_url"]),
            urljoin(self.url, told["events_url"]),
            told["currency"],
            has_phones=True,
        )

    def turn(self, url: str, form: Form) -> Turn:
        """One callback of a session."""
        answer = self._send("POST", url, data=form)
        return Turn(answer.status_code, answer.text, answer.headers.get("at-ussd-hop-metadata", ""))

    def ended(self, url: str, form: Form) -> None:
        """The end-of-session event. Nobody waits for what comes of it."""
        self._send("POST", url, data=form)

    def get(self, path: str) -> Any:
        """An answer of the phones' API. Raises StepFailed with its reason."""
        return _json(self._send("GET", f"{_API}/{path}"))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The same for something that is done."""
        return _json(self._send("POST", f"{_API}/{path}", json=body))

    def _send(self, method: str, url: str, **given: Any) -> requests.Response:
        try:
            return self._http.request(method, urljoin(self.url, url), timeout=_PATIENCE_S, **given)
        except requests.RequestException as error:
            reason = type(error).__name__
            raise BadInput(f"nobody answers at {self.url} ({reason}); is it running?") from error


def of_serial(serial: str) -> str:
    """The path of a virtual device."""
    return f"devices/{quote(serial, safe='')}"


def _json(answer: requests.Response) -> Any:
    try:
        told = answer.json()
    except ValueError:
        raise StepFailed(f"the phones' API answered {answer.status_code} without JSON") from None
    if answer.status_code != 200:
        raise StepFailed(
            told["error"] if isinstance(told, dict) and "error" in told else answer.reason
        )
    return told

"""HTTP client of one gateway: its USSD callbacks and, where it has them, its simulated phones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin

import requests

from core.errors import BadInput, DialwattError

_TIMEOUT_SECONDS = 15.0  # Africa's Talking gives up after 10 s
_PHONE_API = "phone/api"
Form = dict[str, str]


class StepFailed(DialwattError):
    """A step of a journey that could not be done, or whose outcome was not the expected one."""


@dataclass(frozen=True, slots=True)
class Network:
    """The code to dial, the aggregator's callback URLs, and whether there are simulated phones."""

    service_code: str
    network_code: str
    ussd_url: str
    events_url: str
    currency: str = "KES"
    has_phones: bool = False


@dataclass(frozen=True, slots=True)
class UssdReply:
    """The gateway's reply to a USSD callback. `hop` is repeated in the end-of-session event."""

    status: int
    body: str
    hop: str = ""

    @property
    def is_screen(self) -> bool:
        """Whether this is a valid USSD screen."""
        return self.status == 200 and self.body.startswith(("CON ", "END "))


class GatewayClient:
    """HTTP to one gateway. Every method raises BadInput when the gateway does not answer."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/") + "/"
        self._http = requests.Session()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def network(self) -> Network | None:
        """The network of the simulated phones; None where the gateway has no simulated phones."""
        reply = self._send_request("GET", f"{_PHONE_API}/network")
        if reply.status_code == 404:
            return None
        network = _parse_json(reply)
        return Network(
            network["service_code"],
            network["network_code"],
            urljoin(self.url, network["ussd_url"]),
            urljoin(self.url, network["events_url"]),
            network["currency"],
            has_phones=True,
        )

    def post_ussd(self, url: str, form: Form) -> UssdReply:
        """Post one USSD callback."""
        reply = self._send_request("POST", url, data=form)
        hop = reply.headers.get("at-ussd-hop-metadata", "")
        return UssdReply(reply.status_code, reply.text, hop)

    def post_event(self, url: str, form: Form) -> None:
        """Post the end-of-session event. The reply is ignored."""
        self._send_request("POST", url, data=form)

    def get(self, path: str) -> Any:
        """Read from the phones' API. Raises StepFailed with the API's reason."""
        return _parse_json(self._send_request("GET", f"{_PHONE_API}/{path}"))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Post JSON to the phones' API. Raises StepFailed with the API's reason."""
        return _parse_json(self._send_request("POST", f"{_PHONE_API}/{path}", json=body))

    def _send_request(self, method: str, path: str, **options: Any) -> requests.Response:
        url = urljoin(self.url, path)
        try:
            return self._http.request(method, url, timeout=_TIMEOUT_SECONDS, **options)
        except requests.RequestException as error:
            reason = type(error).__name__
            raise BadInput(f"no answer from {self.url} ({reason}); is it running?") from error


def device_path(serial: str) -> str:
    """The path of a virtual device in the phones' API."""
    return f"devices/{quote(serial, safe='')}"


def _parse_json(reply: requests.Response) -> Any:
    try:
        document = reply.json()
    except ValueError:
        raise StepFailed(f"the phones' API answered {reply.status_code} without JSON") from None
    if reply.status_code != 200:
        has_reason = isinstance(document, dict) and "error" in document
        raise StepFailed(document["error"] if has_reason else reply.reason)
    return document

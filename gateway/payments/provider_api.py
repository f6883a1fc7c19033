"""A provider's HTTP API: connections, the access token, and failures sorted.

A failure says whether the call can have had an effect: Temporary means certainly not,
OutcomeUnknown means perhaps. What a reply means is for the channel to say. Where calls go through a
circuit, none is made while it is open.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from core.errors import OutcomeUnknown, Permanent, ProviderFailure, Temporary, Unavailable
from gateway.circuit import Circuit
from gateway.sending import TIMEOUTS_S, failed_before_sending

_CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP reply: its status and its JSON object ({} when there is none)."""

    status: int
    body: dict[str, Any]

    @property
    def error_code(self) -> str:
        """The error code, where Daraja and MTN write it; "" when there is none."""
        return str(self.body.get("errorCode") or self.body.get("code") or "")


@dataclass(frozen=True, slots=True)
class TokenCall:
    """The request for an access token (`arguments` as requests takes them), and how many seconds
    before its end a token is renewed."""

    method: str
    path: str
    refresh_early_s: float
    arguments: Mapping[str, Any]


class ProviderApi:
    """The API of one account. May be shared by threads.

    `token`: the request for one, or a token that never expires. `is_stale`: recognises the reply to
    an expired token. `circuit` is set where calls are to go through one.
    """

    circuit: Circuit | None = None

    def __init__(
        self,
        provider: str,
        base_url: str,
        token: TokenCall | str,
        is_stale: Callable[[Reply], bool] = lambda reply: reply.status == 401,
    ) -> None:
        self._provider = provider
        self._base_url = base_url
        self._token_call = token
        self._is_stale = is_stale
        self._http = requests.Session()
        for scheme in ("https://", "http://"):
            self._http.mount(scheme, HTTPAdapter(pool_maxsize=_CONNECTIONS))
        self._lock = threading.Lock()
        self._token = ""
        self._refresh_at = 0.0

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def execute(self, method: str, path: str, **arguments: Any) -> Reply:
        """Make a call that has an effect. It is repeated once, with a new token, when the provider
        says that ours has expired, and never otherwise. Raises Temporary, Unavailable (the circuit
        is open, among others), OutcomeUnknown."""
        if self.circuit and not self.circuit.is_call_due():
            raise Unavailable(self._provider, "circuit_open")
        token = self._fresh_token()
        reply = self._call(method, path, token, arguments)
        if isinstance(self._token_call, TokenCall) and self._is_stale(reply):
            self._expire(token)
            reply = self._call(method, path, self._fresh_token(), arguments)
        return reply

    def query(self, method: str, path: str, **arguments: Any) -> Reply:
        """Make a call that only reads: a lost reply loses nothing. Raises Temporary."""
        try:
            return self.execute(method, path, **arguments)
        except OutcomeUnknown as lost:
            raise Temporary(self._provider, lost.code) from lost

    def _call(self, method: str, path: str, token: str, arguments: Mapping[str, Any]) -> Reply:
        headers = {"Authorization": f"Bearer {token}", **arguments.get("headers", {})}
        return self._send(method, path, {**arguments, "headers": headers})

    def _send(self, method: str, path: str, arguments: Mapping[str, Any]) -> Reply:
        url = self._base_url + path
        try:
            response = self._http.request(method, url, timeout=TIMEOUTS_S, **arguments)
        except requests.RequestException as error:
            self._report(type(error).__name__)
            kind = Unavailable if failed_before_sending(error) else OutcomeUnknown
            raise kind(self._provider, type(error).__name__) from error
        reply = _as_reply(response)
        # An error of theirs that has a body is an answer: it may be about one payer only.
        is_away = reply.status == 429 or (reply.status >= 500 and not reply.body)
        self._report(f"http_{reply.status}" if is_away else None)
        return reply

    def _report(self, failure: str | None) -> None:
        if self.circuit is not None:
            self.circuit.report(failure)

    def _fresh_token(self) -> str:
        """A valid access token; one thread fetches a new one while the others wait."""
        call = self._token_call
        if isinstance(call, str):
            return call
        with self._lock:
            if time.monotonic() >= self._refresh_at:
                self._token, lasts_s = self._fetch_token(call)
                # A short-lived token is used for half its life.
                early_s = min(call.refresh_early_s, lasts_s / 2)
                self._refresh_at = time.monotonic() + lasts_s - early_s
            return self._token

    def _expire(self, token: str) -> None:
        with self._lock:
            if token == self._token:
                self._refresh_at = 0.0

    def _fetch_token(self, call: TokenCall) -> tuple[str, float]:
        """A new token and its life in seconds, which providers send as a number or as text."""
        try:
            reply = self._send(call.method, call.path, call.arguments)
            return str(reply.body["access_token"]), float(reply.body["expires_in"])
        except ProviderFailure as failure:
            raise Temporary(self._provider, f"oauth_{failure.code}") from failure
        except (KeyError, TypeError, ValueError):
            code = reply.error_code or f"http_{reply.status}"
            raise Temporary(self._provider, f"oauth_{code}") from None


def _as_reply(response: requests.Response) -> Reply:
    try:
        body = response.json()
    except ValueError:
        body = {}
    return Reply(response.status_code, body if isinstance(body, dict) else {})


def refusal(provider: str, status: int, code: str) -> ProviderFailure:
    """What a reply that is no acceptance means: `code` is the provider's own, "" if it has none.

    A 5xx may have had an effect. A 4xx without a code comes from a proxy or a firewall, and a 429
    asks us to slow down: both may pass.
    """
    if status >= 500:
        return OutcomeUnknown(provider, code or f"http_{status}")
    if status == 429 or not code:
        return Temporary(provider, code or f"http_{status}")
    return Permanent(provider, code)

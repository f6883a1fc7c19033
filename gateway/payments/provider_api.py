"""A provider's HTTP API as its channel uses it: connections, the access token, failures sorted.

A call that fails says whether it can have been acted upon: Temporary is certain that it was not,
OutcomeUnknown is not certain. What an answer means is the channel's business.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from core.errors import OutcomeUnknown, Permanent, ProviderFailure, Temporary
from gateway.sending import TIMEOUTS_S, failed_before_sending

_CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer: its status and its JSON object ({} when there is none)."""

    status: int
    body: dict[str, Any]

    @property
    def error_code(self) -> str:
        """The provider's word for what went wrong, where Daraja and MTN write it; "" without."""
        return str(self.body.get("errorCode") or self.body.get("code") or "")


@dataclass(frozen=True, slots=True)
class TokenCall:
    """How a token is asked for, in requests' words, and how long before its end it is renewed."""

    method: str
    path: str
    refresh_early_s: float
    asked: Mapping[str, Any]


class ProviderApi:
    """One account's API. May be shared by threads. `token`: how one is asked for, or one that does
    not wear out; `is_stale`: the answer to a worn-out token."""

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
        """Give the connections back."""
        self._http.close()

    def execute(self, method: str, path: str, **asked: Any) -> Reply:
        """Ask for something to be done: once more with a fresh token when the provider no longer
        knows ours, never again otherwise. Raises Temporary, OutcomeUnknown."""
        token = self._fresh_token()
        reply = self._call(method, path, token, asked)
        if isinstance(self._token_call, TokenCall) and self._is_stale(reply):
            self._forget(token)
            reply = self._call(method, path, self._fresh_token(), asked)
        return reply

    def query(self, method: str, path: str, **asked: Any) -> Reply:
        """Ask something: a lost answer loses nothing. Raises Temporary."""
        try:
            return self.execute(method, path, **asked)
        except OutcomeUnknown as lost:
            raise Temporary(self._provider, lost.code) from lost

    def _call(self, method: str, path: str, token: str, asked: Mapping[str, Any]) -> Reply:
        headers = {"Authorization": f"Bearer {token}", **asked.get("headers", {})}
        return self._send(method, path, {**asked, "headers": headers})

    def _send(self, method: str, path: str, asked: Mapping[str, Any]) -> Reply:
        try:
            answer = self._http.request(method, self._base_url + path, timeout=TIMEOUTS_S, **asked)
        except requests.RequestException as error:
            kind = Temporary if failed_before_sending(error) else OutcomeUnknown
            raise kind(self._provider, type(error).__name__) from error
        return _read(answer)

    def _fresh_token(self) -> str:
        """The access token; one thread fetches a new one while the others wait for it."""
        call = self._token_call
        if isinstance(call, str):
            return call
        with self._lock:
            if time.monotonic() >= self._refresh_at:
                self._token, lasts_s = self._fetch_token(call)
                # A short-lived one is used for half its life.
                early_s = min(call.refresh_early_s, lasts_s / 2)
                self._refresh_at = time.monotonic() + lasts_s - early_s
            return self._token

    def _forget(self, token: str) -> None:
        with self._lock:
            if token == self._token:
                self._refresh_at = 0.0

    def _fetch_token(self, call: TokenCall) -> tuple[str, float]:
        """A token and its life in seconds (written as a number or as text)."""
        try:
            reply = self._send(call.method, call.path, call.asked)
            return str(reply.body["access_token"]), float(reply.body["expires_in"])
        except ProviderFailure as failure:
            raise Temporary(self._provider, f"oauth_{failure.code}") from failure
        except (KeyError, TypeError, ValueError):
            code = reply.error_code or f"http_{reply.status}"
            raise Temporary(self._provider, f"oauth_{code}") from None


def _read(answer: requests.Response) -> Reply:
    try:
        body = answer.json()
    except ValueError:
        body = {}
    return Reply(answer.status_code, body if isinstance(body, dict) else {})


def refusal(provider: str, status: int, code: str) -> ProviderFailure:
    """What an answer that is no acceptance means: `code` is the provider's own, "" if it has none.

    A server that stumbled may have acted. A 4xx without a code is a proxy's or a firewall's, and a
    429 the provider's own plea: both may think better of it.
    """
    if status >= 500:
        return OutcomeUnknown(provider, code or f"http_{status}")
    if status == 429 or not code:
        return Temporary(provider, code or f"http_{status}")
    return Permanent(provider, code)

"""What we ask of Safaricom's Daraja: show a payment prompt on a phone, and how a prompt ended.

Workers only. A failure says whether the prompt can have gone out: Temporary and Permanent are
certain that it did not, OutcomeUnknown is not, and is never followed by a second prompt.
"""

from __future__ import annotations

import base64
import threading
import time
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from core.clock import Clock, system_clock
from core.db.prompts import Prompt
from core.errors import OutcomeUnknown, Permanent, ProviderFailure, Temporary
from core.settings import DarajaSettings
from gateway.payments.mpesa_notices import EAT
from gateway.sending import TIMEOUTS_S, was_never_sent

_PROVIDER = "daraja"
_CONNECTIONS = 16
# A token is used until this long before its end (or half its life, if that is shorter).
_REFRESH_EARLY_S = 100.0
_REFERENCE_MAX = 12
_DESCRIPTION = "Energy"  # at most 13 characters
_UNKNOWN_TOKEN = "404.001.03"  # noqa: S105  # an error code
# Also what a look-up says while the payer has not answered.
_BUSY = "500.001.1001"
_STILL_OPEN = "4999"
# Daraja's error codes that say for certain: not done. Its other 4xx are not done either.
_TEMPORARY = {_UNKNOWN_TOKEN, _BUSY, "500.003.02", "500.003.03"}


@dataclass(frozen=True, slots=True)
class Paid:
    """The payer approved; the receipt comes by the callbacks."""


@dataclass(frozen=True, slots=True)
class Pending:
    """Nobody knows yet."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Not paid, and it will not be; `code` is M-Pesa's."""

    code: str


@dataclass(frozen=True, slots=True)
class _Reply:
    """An HTTP answer: its status and its JSON object ({} when there is none)."""

    status: int
    body: dict[str, Any]

    @property
    def error_code(self) -> str:
        return str(self.body.get("errorCode", ""))


class DarajaClient:
    """A Daraja account. May be shared by threads."""

    def __init__(self, settings: DarajaSettings, clock: Clock = system_clock) -> None:
        self._settings = settings
        self._clock = clock
        self._http = requests.Session()
        for scheme in ("https://", "http://"):
            self._http.mount(scheme, HTTPAdapter(pool_maxsize=_CONNECTIONS))
        self._lock = threading.Lock()
        self._token = ""
        self._refresh_at = 0.0

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def push(self, prompt: Prompt) -> str:
        """Show the prompt on the payer's phone; returns Daraja's CheckoutRequestID.

        Raises Temporary, Permanent, OutcomeUnknown. Accepted is not paid.
        """
        reply = self._ask("/mpesa/stkpush/v1/processrequest", self._push_body(prompt))
        if reply.status == 200 and str(reply.body.get("ResponseCode")) == "0":
            if reference := reply.body.get("CheckoutRequestID"):
                return str(reference)
            raise OutcomeUnknown(_PROVIDER, "no_reference")
        raise _failure(reply)

    def look_up(self, prompt: Prompt) -> Paid | Pending | Ended:
        """How a prompt ended, by its CheckoutRequestID. Raises Temporary when nobody says."""
        body = self._signed() | {"CheckoutRequestID": prompt.checkout_reference}
        try:
            reply = self._ask("/mpesa/stkpushquery/v1/query", body)
        except OutcomeUnknown as lost:
            raise Temporary(_PROVIDER, lost.code) from lost
        code = str(reply.body.get("ResultCode", ""))
        if reply.error_code == _BUSY or code == _STILL_OPEN:
            return Pending()
        if reply.status != 200 or not code:
            raise Temporary(_PROVIDER, reply.error_code or f"http_{reply.status}")
        return Paid() if code == "0" else Ended(code)

    def _push_body(self, prompt: Prompt) -> dict[str, object]:
        shillings, cents = divmod(prompt.amount_minor, 100)
        if cents or len(prompt.account_reference) > _REFERENCE_MAX:
            raise Permanent(_PROVIDER, "cannot_ask", "whole shillings, 12 characters at most")
        payer = prompt.msisdn.removeprefix("+")
        return self._signed() | {
            "TransactionType": "CustomerPayBillOnline",
            "Amount": shillings,
            "PartyA": payer,
            "PartyB": self._settings.shortcode,
            "PhoneNumber": payer,
            "CallBackURL": f"{self._settings.callback_url}/{prompt.id}",
            "AccountReference": prompt.account_reference,
            "TransactionDesc": _DESCRIPTION,
        }

    def _signed(self) -> dict[str, object]:
        """The fields that show who asks: Password is base64(short code, passkey, timestamp)."""
        given = self._settings
        stamp = self._clock().astimezone(EAT).strftime("%Y%m%d%H%M%S")
        password = base64.b64encode(f"{given.shortcode}{given.passkey}{stamp}".encode())
        return {
            "BusinessShortCode": given.shortcode,
            "Password": password.decode(),
            "Timestamp": stamp,
        }

    def _ask(self, path: str, body: dict[str, object]) -> _Reply:
        """Post with a token; once more with a fresh one when Daraja no longer knows it."""
        token = self._fresh_token()
        reply = self._post(path, body, token)
        if reply.error_code == _UNKNOWN_TOKEN:
            self._forget(token)
            reply = self._post(path, body, self._fresh_token())
        return reply

    def _post(self, path: str, body: dict[str, object], token: str) -> _Reply:
        try:
            answer = self._http.post(
                self._settings.base_url + path,
                json=body,
                headers={"Authorization": f"Bearer {token}"},
                timeout=TIMEOUTS_S,
            )
        except requests.RequestException as error:
            kind = Temporary if was_never_sent(error) else OutcomeUnknown
            raise kind(_PROVIDER, type(error).__name__) from error
        return _read(answer)

    def _fresh_token(self) -> str:
        """The OAuth token; one thread fetches a new one while the others wait for it."""
        with self._lock:
            if time.monotonic() >= self._refresh_at:
                self._token, lasts_s = self._fetch_token()
                early_s = min(_REFRESH_EARLY_S, lasts_s / 2)
                self._refresh_at = time.monotonic() + lasts_s - early_s
            return self._token

    def _forget(self, token: str) -> None:
        with self._lock:
            if token == self._token:
                self._refresh_at = 0.0

    def _fetch_token(self) -> tuple[str, float]:
        """A token and its life in seconds (which Daraja writes as a number or as text)."""
        try:
            answer = self._http.get(
                f"{self._settings.base_url}/oauth/v1/generate",
                params={"grant_type": "client_credentials"},
                auth=(self._settings.consumer_key, self._settings.consumer_secret),
                timeout=TIMEOUTS_S,
            )
        except requests.RequestException as error:
            raise Temporary(_PROVIDER, f"oauth_{type(error).__name__}") from error
        reply = _read(answer)
        try:
            return str(reply.body["access_token"]), float(reply.body["expires_in"])
        except (KeyError, TypeError, ValueError):
            code = reply.error_code or f"http_{reply.status}"
            raise Temporary(_PROVIDER, f"oauth_{code}") from None


def _read(answer: requests.Response) -> _Reply:
    try:
        body = answer.json()
    except ValueError:
        body = {}
    return _Reply(answer.status_code, body if isinstance(body, dict) else {})


def _failure(reply: _Reply) -> ProviderFailure:
    """What an answer that is no acceptance means for the prompt."""
    code = reply.error_code or f"http_{reply.status}"
    if code in _TEMPORARY:
        return Temporary(_PROVIDER, code)
    if reply.status == 200:
        refusal = reply.body.get("ResponseCode")
        if refusal is None:
            return OutcomeUnknown(_PROVIDER, "unreadable")
        return Permanent(_PROVIDER, str(refusal))
    if reply.status >= 500:
        return OutcomeUnknown(_PROVIDER, code)
    # A 4xx without Daraja's own code is a proxy's or a firewall's, which may think better of it.
    return Permanent(_PROVIDER, code) if reply.error_code else Temporary(_PROVIDER, code)

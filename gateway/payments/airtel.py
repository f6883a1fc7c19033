"""Airtel Money: ask a payer to approve a payment, look it up, and read the callbacks about it.

We give the payment its id, and store it before the call. A callback holds neither amount nor
currency, and is signed only where the operator asked Airtel for it: it only says which payment to
look up, and the amount is that of our own prompt. Source: Airtel Africa's Collection API, as
integrators publish it (its portal needs an account).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from core.channel import Channel, Reason, after
from core.environment import Environment, read_setting
from core.errors import OutcomeUnknown, Permanent, ProviderFailure, Temporary, UnverifiedSignature
from core.money import minor_digits
from core.msisdn import national_digits
from core.prompt import Prompt
from gateway.parsing import read_json, text_field
from gateway.payments.channel import (
    Balance,
    Ended,
    Outcome,
    Paid,
    Pending,
    parse_balance,
    parse_receipt,
)
from gateway.payments.provider_api import ProviderApi, Reply, TokenCall, refusal

_PROVIDER = "airtel"
_REFRESH_EARLY_S = 60.0
_ID = r"[0-9a-f]{32}"
# response_code: outcome not known yet (ambiguous, in process, timed out), and not found.
_UNDECIDED = {"DP00800001000", "DP00800001006", "DP00800001024"}
_NOT_FOUND = "DP00800001025"
_ENDED = ("TF", "TE")
_HEADERS = ("x-signature", "hash")
_SIGNATURE = re.compile(rb'\s*,\s*"hash"\s*:\s*"([A-Za-z0-9+/=]{1,100})"')

# Response codes of a collection.
_REASONS: dict[str, Reason] = {
    "DP00800001002": "wrong_pin",
    "DP00800001003": "over_limit",
    "DP00800001005": "no_answer",
    "DP00800001007": "no_money",
    "DP00800001008": "cancelled",
    "DP00800001024": "no_answer",
    "DP00800001029": "no_answer",
}
_COUNTRIES = ("CD", "CG", "GA", "KE", "MG", "MW", "NE", "NG", "RW", "SC", "TD", "TZ", "UG", "ZM")
CHANNEL = Channel(
    "airtel",
    lookups=after(180, 360, 720, 1800, 3600),  # Airtel asks for no enquiry before three minutes
    wallets={(country, "Airtel"): None for country in _COUNTRIES},
    new_reference=lambda: uuid4().hex,  # an id of letters and digits
    reasons=_REASONS,
)


@dataclass(frozen=True, slots=True)
class AirtelSettings:
    """The Airtel Money account of one country (ISO 3166). Workers only."""

    base_url: str
    country: str
    client_id: str
    client_secret: str = field(repr=False)

    @classmethod
    def from_environment(cls, environment: Environment) -> AirtelSettings:
        return cls(
            base_url=read_setting(environment, "AIRTEL_BASE_URL").rstrip("/"),
            country=read_setting(environment, "AIRTEL_COUNTRY"),
            client_id=read_setting(environment, "AIRTEL_CLIENT_ID"),
            client_secret=read_setting(environment, "AIRTEL_CLIENT_SECRET"),
        )


class AirtelChannel:
    """A collection account in one country. May be shared by threads."""

    def __init__(self, settings: AirtelSettings) -> None:
        self._settings = settings
        credentials = {
            "json": {
                "client_id": settings.client_id,
                "client_secret": settings.client_secret,
                "grant_type": "client_credentials",
            }
        }
        token_call = TokenCall("POST", "/auth/oauth2/token", _REFRESH_EARLY_S, credentials)
        self.api = ProviderApi(_PROVIDER, settings.base_url, token_call)

    def account_of(self, prompt: Prompt) -> str:
        return f"airtel:{self._settings.country}"

    def close(self) -> None:
        self.api.close()

    def push(self, prompt: Prompt) -> str:
        """Ask for the payment under the prompt's reference; returns that reference."""
        body = self._request(prompt)
        headers = self._headers(prompt.currency)
        reply = self.api.execute("POST", "/merchant/v1/payments/", headers=headers, json=body)
        if reply.status == 200 and _status(reply).get("success") is True:
            return str(prompt.checkout_reference)
        raise _failure(reply)

    def look_up(self, prompt: Prompt) -> Outcome:
        """The status of our id; of a payment the receipt is Airtel's airtel_money_id."""
        path = f"/standard/v1/payments/{prompt.checkout_reference}"
        reply = self.api.query("GET", path, headers=self._headers(prompt.currency))
        known, code = _transaction(reply), _code(reply)
        if known.get("status") == "TS" and known.get("airtel_money_id"):
            receipt = parse_receipt(_PROVIDER, known["airtel_money_id"])
            return Paid(receipt, prompt.amount_minor)
        if known.get("status") in _ENDED:
            return Ended(code or str(known["status"]))
        if known.get("status") in ("TA", "TIP"):
            return Pending()
        if code == _NOT_FOUND:
            return Ended(code)
        raise Temporary(_PROVIDER, code or f"http_{reply.status}")

    def read_balance(self, currency: str) -> Balance:
        """The balance of the collection account now."""
        reply = self.api.query("GET", "/standard/v1/users/balance", headers=self._headers(currency))
        if reply.status != 200:
            raise Temporary(_PROVIDER, _code(reply) or f"http_{reply.status}")
        account = f"airtel:{self._settings.country}"
        stated = _part(reply.body, "data")
        return parse_balance(account, stated.get("balance"), stated.get("currency"), currency)

    def _headers(self, currency: str) -> dict[str, str]:
        return {"X-Country": self._settings.country, "X-Currency": currency}

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        whole, fraction = divmod(prompt.amount_minor, 10 ** minor_digits(prompt.currency))
        if fraction:
            raise Permanent(_PROVIDER, "cannot_ask", "whole amounts only")
        place = {"country": self._settings.country, "currency": prompt.currency}
        return {
            "reference": prompt.account_reference,
            "subscriber": place | {"msisdn": national_digits(prompt.msisdn)},
            "transaction": place | {"amount": whole, "id": prompt.checkout_reference},
        }


def _part(document: dict[str, Any], name: str) -> dict[str, Any]:
    part = document.get(name)
    return part if isinstance(part, dict) else {}


def _status(reply: Reply) -> dict[str, Any]:
    return _part(reply.body, "status")


def _transaction(reply: Reply) -> dict[str, Any]:
    return _part(_part(reply.body, "data"), "transaction")


def _code(reply: Reply) -> str:
    return str(_status(reply).get("response_code") or "")


def _failure(reply: Reply) -> ProviderFailure:
    """What a reply that is no acceptance means for the payment."""
    code = _code(reply)
    if code in _UNDECIDED:
        return OutcomeUnknown(_PROVIDER, code)
    if reply.status == 200:
        return Permanent(_PROVIDER, code) if code else OutcomeUnknown(_PROVIDER, "unreadable")
    return refusal(_PROVIDER, reply.status, code)


def read_callback(body: bytes) -> str:
    """Our id of the payment a callback is about. Raises BadCallback."""
    transaction = _part(read_json(body), "transaction")
    text_field(transaction, "status_code", r"[A-Z]{1,8}")
    return text_field(transaction, "id", _ID)


def verify_callback(headers: Mapping[str, str], body: bytes, signing_key: str) -> None:
    """Verify that the sender knows the key. Raises UnverifiedSignature.

    The signature is an HMAC-SHA256: as `hash` in the body, over the rest of the body exactly as it
    was sent (Airtel's portal), or in a header, over the whole body (some markets). Every signature
    that is there must be right, and one must be there.
    """
    in_body = _SIGNATURE.search(body)
    given = [(value.encode(), body) for name, value in headers.items() if name.lower() in _HEADERS]
    if in_body is not None:
        given.append((in_body[1], _SIGNATURE.sub(b"", body, count=1)))
    if not given or not all(_is_digest(stated, signed, signing_key) for stated, signed in given):
        raise UnverifiedSignature("hash is not ours")


def _is_digest(stated: bytes, signed: bytes, signing_key: str) -> bool:
    digest = hmac.digest(signing_key.encode(), signed, hashlib.sha256)
    forms = (base64.b64encode(digest), digest.hex().encode())
    return any(hmac.compare_digest(stated.strip(), form) for form in forms)

"""Daraja's rules for what a business may ask; every refusal names the provider's error code.

Pure. Codes and limits from the published Daraja documentation: 400.002.02 bad field, 404.001.03 bad
token, 500.001.1001 wrong credentials, 500.003.1001 addresses already registered.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any

from simulator.mobile_money.prompts import PromptRequest
from simulator.mobile_money.wallets import LIMIT_MINOR
from simulator.settings import SimulatorSettings

_PHONE = re.compile(r"254[71][0-9]{8}")
_STAMP = re.compile(r"[0-9]{14}")
_FORBIDDEN = re.compile(r"m-?pesa|safaricom|exec?|cmd|sql|query", re.IGNORECASE)
_TRANSACTION_TYPES = ("CustomerPayBillOnline", "CustomerBuyGoodsOnline")


class DarajaError(Exception):
    """An error body of Daraja's; the HTTP status is the first part of the code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


def bad(field: str) -> DarajaError:
    return DarajaError("400.002.02", f"Bad Request - Invalid {field}")


def issue_token(settings: SimulatorSettings, now_epoch: float) -> str:
    """A bearer token that carries its own end; nothing is stored."""
    ends = str(int(now_epoch + settings.token_seconds))
    return f"{ends}.{_seal(settings, ends)}"


def check_token(settings: SimulatorSettings, header: str, now_epoch: float) -> None:
    """Raises DarajaError for a token that is missing, forged or over."""
    ends, _, seal = header.removeprefix("Bearer ").partition(".")
    genuine = hmac.compare_digest(seal, _seal(settings, ends))
    if not header.startswith("Bearer ") or not genuine or int(ends) <= now_epoch:
        raise DarajaError("404.001.03", "Invalid Access Token")


def _seal(settings: SimulatorSettings, ends: str) -> str:
    key = settings.consumer_secret.encode()
    return hmac.new(key, ends.encode(), hashlib.sha256).hexdigest()[:32]


def check_password(settings: SimulatorSettings, body: Mapping[str, Any]) -> None:
    """Password = base64(shortcode + passkey + timestamp). Raises DarajaError."""
    stamp = str(body.get("Timestamp", ""))
    if not _STAMP.fullmatch(stamp):
        raise bad("Timestamp")
    if str(body.get("BusinessShortCode", "")) != settings.shortcode:
        raise bad("BusinessShortCode")
    expected = base64.b64encode(f"{settings.shortcode}{settings.passkey}{stamp}".encode())
    if not hmac.compare_digest(expected, str(body.get("Password", "")).encode()):
        raise DarajaError("500.001.1001", "Wrong credentials")


def read_push(settings: SimulatorSettings, body: Mapping[str, Any]) -> PromptRequest:
    """A checked STK push. Raises DarajaError for the first field that is wrong."""
    check_password(settings, body)
    field = {name: str(body.get(name, "")) for name in _PUSH_RULES}
    for name, rule in _PUSH_RULES.items():
        if not re.fullmatch(rule, field[name]):
            raise bad(name)
    amount_minor = int(field["Amount"]) * 100
    if not 0 < amount_minor <= LIMIT_MINOR:
        raise bad("Amount")
    return PromptRequest(
        settings.shortcode,
        "+" + field["PhoneNumber"],
        field["AccountReference"],
        amount_minor,
        field["CallBackURL"],
    )


_PUSH_RULES = {
    "TransactionType": "|".join(_TRANSACTION_TYPES),
    "Amount": "[0-9]{1,9}",
    "PartyA": _PHONE.pattern,
    "PartyB": "[0-9]{5,7}",
    "PhoneNumber": _PHONE.pattern,
    "CallBackURL": r"https?://\S+",
    "AccountReference": ".{1,12}",
    "TransactionDesc": ".{0,13}",
}


def read_registration(body: Mapping[str, Any]) -> dict[str, str]:
    """Checked addresses of a business. Raises DarajaError."""
    names = ("ShortCode", "ResponseType", "ConfirmationURL", "ValidationURL")
    field = {name: str(body.get(name, "")) for name in names}
    if field["ResponseType"] not in ("Completed", "Cancelled"):
        raise bad("ResponseType")
    if not field["ShortCode"].isdigit():
        raise bad("ShortCode")
    for name in ("ConfirmationURL", "ValidationURL"):
        if not field[name].startswith(("http://", "https://")) or _FORBIDDEN.search(field[name]):
            raise bad(name)
    return field

"""Parsing M-Pesa's callbacks: C2B validation and confirmation, and the result of an STK push.

Pure: JSON in (numbers as written, `read_json`), typed values out, or BadCallback with one line.
Source: Safaricom's Daraja documentation. Callbacks are not signed, so every field must have its
exact form. Names of people are not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from core.errors import BadCallback, Refused
from core.invisible import plain_marks
from core.money import parse_minor
from core.msisdn import parse_msisdn
from core.payment import PayerKind, PaymentNotice
from gateway.parsing import Json, text_field

CURRENCY = "KES"
# East Africa Time: Safaricom's timestamps are in it and do not say so.
EAT = timezone(timedelta(hours=3))

_LONGEST_MASKED = 80
_SHORTCODE = r"[0-9]{5,8}"
_RECEIPT = r"[A-Za-z0-9_-]{1,32}"
_CHECKOUT = r"[A-Za-z0-9_.-]{1,100}"
_CODE = r"[A-Za-z0-9_.]{1,20}"
STAMP = r"20[0-9]{12}"
_ACCOUNT = r".{1,100}"
_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Question:
    """A validation request: may this payment be made? `account` as typed; `asked_minor` reads the
    amount. `payer` is a phone number or its hash, or "" where the provider hides the payer."""

    shortcode: str
    account: str
    amount: str
    payer: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A payment made by an STK push. `paid_at` is None where Daraja leaves it out."""

    receipt: str
    amount_minor: int
    paid_at: datetime | None


@dataclass(frozen=True, slots=True)
class StkResult:
    """How a prompt ended: the provider's `code` ("0" is paid), and the receipt when it was paid."""

    checkout_reference: str
    code: str
    receipt: Receipt | None


def read_question(document: Json) -> Question:
    """Read a C2B validation request. Raises BadCallback."""
    amount = text_field(document, "TransAmount", r".{1,40}")
    if not _PLAIN_NUMBER.fullmatch(amount):
        raise BadCallback("TransAmount is not a number")
    kind, payer = read_payer(text_field(document, "MSISDN", r".*", default=""))
    return Question(
        text_field(document, "BusinessShortCode", _SHORTCODE),
        text_field(document, "BillRefNumber", _ACCOUNT, default=""),
        amount,
        (payer or "") if kind in ("msisdn", "sha256") else "",
    )


def asked_minor(question: Question) -> int:
    """The amount of the request. Raises Refused("amount_invalid") when it is no amount of money."""
    try:
        return parse_minor(question.amount, CURRENCY)
    except ValueError:
        raise Refused("amount_invalid") from None


def read_confirmation(document: Json, source: str) -> PaymentNotice:
    """Read a C2B confirmation: a payment that was made, with what it brings back as `proof`,
    unchecked. Raises BadCallback."""
    payer_kind, payer = read_payer(text_field(document, "MSISDN", r".*", default=""))
    return PaymentNotice(
        provider_account=provider_account(text_field(document, "BusinessShortCode", _SHORTCODE)),
        receipt=text_field(document, "TransID", _RECEIPT),
        source=source,
        amount_minor=_amount_minor(document, "TransAmount"),
        currency=CURRENCY,
        # A till (Buy Goods) has no account number; such a payment waits in suspense.
        account=text_field(document, "BillRefNumber", _ACCOUNT, default=""),
        payer_kind=payer_kind,
        payer=payer,
        paid_at=instant(text_field(document, "TransTime", STAMP), "TransTime"),
        evidence="unverified",
        proof=text_field(document, "ThirdPartyTransID", r".{0,100}", default="") or None,
    )


def provider_account(shortcode: str) -> str:
    """The provider account of a short code: `daraja:600123`."""
    return f"daraja:{shortcode}"


def read_payer(text: str) -> tuple[PayerKind, str | None]:
    """(kind, payer) of a C2B MSISDN, which is plain digits, a SHA-256, or masked with stars.

    Whatever else it is, the payer is unknown: the money came all the same.
    """
    text = plain_marks(text).strip().removeprefix("+")
    if re.fullmatch(r"[0-9]{9,15}", text):
        try:
            return "msisdn", parse_msisdn(f"+{text}" if text.startswith("254") else text, "KE")
        except ValueError:
            return "none", None
    if re.fullmatch(r"[0-9a-fA-F]{64}", text):
        return "sha256", text.lower()
    return ("masked", text) if "*" in text and len(text) <= _LONGEST_MASKED else ("none", None)


def read_stk_result(document: Json) -> StkResult:
    """Read the result of an STK push. Raises BadCallback."""
    result = _part(_part(document, "Body"), "stkCallback")
    code = text_field(result, "ResultCode", _CODE)
    return StkResult(
        text_field(result, "CheckoutRequestID", _CHECKOUT),
        code,
        _receipt(_items(result)) if code == "0" else None,
    )


def _receipt(items: Mapping[str, Any]) -> Receipt:
    stamp = text_field(items, "TransactionDate", STAMP, default="")
    return Receipt(
        text_field(items, "MpesaReceiptNumber", _RECEIPT),
        _amount_minor(items, "Amount"),
        instant(stamp, "TransactionDate") if stamp else None,
    )


def _items(result: Json) -> dict[str, Any]:
    """The metadata by name. Items come in any order, some of them without a value."""
    listed = _part(result, "CallbackMetadata").get("Item")
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise BadCallback("CallbackMetadata.Item is not a list of items")
    return {str(item.get("Name")): item.get("Value") for item in listed}


def _part(document: Json, name: str) -> Json:
    part = document.get(name)
    if not isinstance(part, dict):
        raise BadCallback(f"{name} is missing")
    return part


def _amount_minor(fields: Mapping[str, Any], name: str) -> int:
    try:
        amount_minor = parse_minor(text_field(fields, name, r".{1,40}"), CURRENCY)
    except ValueError:
        raise BadCallback(f"{name} is not an amount") from None
    if not amount_minor:
        raise BadCallback(f"{name} is nothing")
    return amount_minor


def instant(stamp: str, name: str) -> datetime:
    """Daraja's timestamp (yyyymmddHHMMSS) as an instant. Raises BadCallback."""
    try:
        return datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=EAT).astimezone(UTC)
    except ValueError:
        raise BadCallback(f"{name} is no time") from None

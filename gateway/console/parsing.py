"""Parsers of what operators type into a field. Each raises ValueError, which says what is wrong."""

from __future__ import annotations

import re
from datetime import date

from core.catalogue import parse_code, parse_line
from core.money import typed_minor, typed_thousandths
from core.msisdn import parse_msisdn
from core.payment import RECEIPT_MAX, SHORT_RECEIPT_MAX, parse_own_receipt
from core.serial_number import parse_serial
from core.tokens.sts_keys import StsMeter
from core.tokens.typed import new_meters as parse_new_meters
from core.tokens.typed import secret_key as parse_secret_key
from core.tokens.typed import sts_meter
from core.unit import Unit

# Characters that PostgreSQL cannot store, or that no name or reason needs.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LIKE = re.compile(r"([\\%_])")
_MAX_LENGTH = 500
_MIN_REASON_LENGTH = 3
_MAX_DAYS = 3650


def plain_text(typed: str) -> str:
    """Return the text unchanged. Raises ValueError for control characters and over 500 of any."""
    if _NOT_TEXT.search(typed):
        raise ValueError("it contains characters that are not text")
    if len(typed) > _MAX_LENGTH:
        raise ValueError(f"at most {_MAX_LENGTH} characters")
    return typed


def text(unit: Unit, typed: str) -> str:
    """Return the text as typed."""
    return typed


def reason(unit: Unit, typed: str) -> str:
    """Return the reason of an action. Raises ValueError under 3 characters."""
    if len(typed) < _MIN_REASON_LENGTH:
        raise ValueError("give a reason that others can understand later")
    return typed


def prefix_pattern(typed: str) -> str:
    """Return an SQL LIKE pattern for texts that begin with these letters, in lower case."""
    return _LIKE.sub(r"\\\1", typed.strip().lower()) + "%"


def msisdn(unit: Unit, typed: str) -> str:
    """Return a phone number in E.164 form."""
    return parse_msisdn(typed, unit.market.country)


def serial(unit: Unit, typed: str) -> str:
    """Return a normalised serial number."""
    return parse_serial(typed)


def amount_minor(unit: Unit, typed: str) -> int:
    """Return an amount of money in minor units, from `1,250.50`."""
    return typed_minor(typed, unit.market.currency)


def receipt(unit: Unit, typed: str) -> str:
    """Return the number of a receipt, a slip or a transfer, in capitals."""
    return parse_own_receipt(typed, RECEIPT_MAX)


def short_receipt(unit: Unit, typed: str) -> str:
    """Return the number of a receipt that an SMS repeats, in capitals."""
    return parse_own_receipt(typed, SHORT_RECEIPT_MAX)


def positive_amount_minor(unit: Unit, typed: str) -> int:
    """Return an amount of money in minor units. Raises ValueError for 0."""
    amount = amount_minor(unit, typed)
    if not amount:
        raise ValueError("it must be more than 0")
    return amount


def price_thousandths(unit: Unit, typed: str) -> int:
    """Return a price of one kWh in thousandths of a minor unit. Raises ValueError for 0."""
    thousandths = typed_thousandths(typed, unit.market.currency)
    if not thousandths:
        raise ValueError("must be more than 0")
    return thousandths


def code(unit: Unit, typed: str) -> str:
    """Return the code of a catalogue entry."""
    return parse_code(typed)


def name(unit: Unit, typed: str) -> str:
    """Return a name that fits into an SMS: one line of at most 80 characters."""
    return parse_line(typed)


def days(unit: Unit, typed: str) -> int:
    """Return a number of days. Raises ValueError for more than ten years."""
    count = whole_number(unit, typed)
    if count > _MAX_DAYS:
        raise ValueError(f"at most {_MAX_DAYS}")
    return count


def whole_number(unit: Unit, typed: str) -> int:
    """Return a whole number of at most 9 digits."""
    if not typed.isdecimal() or len(typed) > 9:
        raise ValueError("enter a whole number")
    return int(typed)


def secret_key(unit: Unit, typed: str) -> bytes:
    """Return a device key from hexadecimal digits; spaces between them are ignored."""
    return parse_secret_key(typed)


def sts_data(unit: Unit, typed: str) -> StsMeter:
    """Return the STS data of one meter, from `ea=11;dkga=04;sgc=...`."""
    return sts_meter(typed)


def new_meter_sts(unit: Unit, typed: str) -> StsMeter:
    """Return the STS data that all new meters of a manufacturer have."""
    return parse_new_meters(typed)


def day(unit: Unit, typed: str) -> date:
    """Return a day, from `2026-03-05`."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise ValueError("enter the day like 2026-03-05") from None

"""What people type into a field, read into what use cases take. ValueError says what is wrong."""

from __future__ import annotations

import re
from datetime import date

from core.catalogue import parse_code, parse_line
from core.money import typed_minor
from core.msisdn import parse_msisdn
from core.serial_number import parse_serial
from core.tokens.sts_keys import StsMeter
from core.tokens.typed import new_meters as typed_new_meters
from core.tokens.typed import secret_key as typed_key
from core.tokens.typed import sts_meter
from core.unit import Unit

# What PostgreSQL cannot store, and what no name or reason holds.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LIKE = re.compile(r"([\\%_])")
_LONGEST = 500
_SHORTEST_REASON = 3
_MOST_DAYS = 3650


def plain_text(typed: str) -> str:
    """The text as it is. Raises ValueError for characters that are none, and for a novel."""
    if _NOT_TEXT.search(typed):
        raise ValueError("there are characters in it that are no text")
    if len(typed) > _LONGEST:
        raise ValueError(f"at most {_LONGEST} characters")
    return typed


def text(unit: Unit, typed: str) -> str:
    """Words, as typed."""
    return typed


def reason(unit: Unit, typed: str) -> str:
    """A reason that somebody will understand later."""
    if len(typed) < _SHORTEST_REASON:
        raise ValueError("say why, for whoever reads it later")
    return typed


def beginning(typed: str) -> str:
    """A pattern (SQL LIKE) for what begins with these letters, in lower case."""
    return _LIKE.sub(r"\\\1", typed.strip().lower()) + "%"


def number(unit: Unit, typed: str) -> str:
    """A phone number, E.164."""
    return parse_msisdn(typed, unit.market.country)


def serial(unit: Unit, typed: str) -> str:
    """A serial number, normalised."""
    return parse_serial(typed)


def minor(unit: Unit, typed: str) -> int:
    """An amount of money, in minor units, as people type it."""
    return typed_minor(typed, unit.market.currency)


def price(unit: Unit, typed: str) -> int:
    """An amount above nothing, in minor units."""
    amount = minor(unit, typed)
    if not amount:
        raise ValueError("it is more than nothing")
    return amount


def code(unit: Unit, typed: str) -> str:
    """The short name of something in the catalogue."""
    return parse_code(typed)


def line(unit: Unit, typed: str) -> str:
    """A name, as texts hold it."""
    return parse_line(typed)


def days(unit: Unit, typed: str) -> int:
    """So many days, at most ten years of them."""
    count = whole(unit, typed)
    if count > _MOST_DAYS:
        raise ValueError(f"at most {_MOST_DAYS}")
    return count


def whole(unit: Unit, typed: str) -> int:
    """A whole number."""
    if not typed.isdecimal() or len(typed) > 9:
        raise ValueError("write a whole number")
    return int(typed)


def secret_key(unit: Unit, typed: str) -> bytes:
    """A device's key, in hexadecimal; spaces may stand in it."""
    return typed_key(typed)


def sts(unit: Unit, typed: str) -> StsMeter:
    """What is known of a meter besides its number: `ea=11;dkga=04;sgc=...`."""
    return sts_meter(typed)


def new_meters(unit: Unit, typed: str) -> StsMeter:
    """The same of a maker's new meters."""
    return typed_new_meters(typed)


def on_day(unit: Unit, typed: str) -> date:
    """A day."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise ValueError("write the day like 2026-03-05") from None

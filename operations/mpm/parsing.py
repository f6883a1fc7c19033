"""Reading single values of MicroPowerManager's exports. Each raises ValueError with the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime

from core.money import typed_minor
from core.serial_number import parse_serial
from operations.mpm.exports import Row

# Its kinds of devices, and ours.
KINDS = {"meter": "meter", "solar_home_system": "shs", "e_bike": "e_bike"}

_CURRENCY = re.compile(r"[^\d.,\s]+$")


def code_named(codes: Mapping[str, str | None], what: str, name: str) -> str:
    """The code of the one thing with that name."""
    found = codes.get(name.strip().casefold())
    if found is None:
        several = "several have" if name.strip().casefold() in codes else "the catalogue has no"
        raise ValueError(f"{what}: {several} {what} named {name!r}")
    return found


def full_name(*names: str) -> str:
    """A name as it is compared: however many blanks, whatever case."""
    return " ".join(" ".join(names).split()).casefold()


def day_of(row: Row, name: str) -> date | None:
    """A day as the exports write it: 2026-01-31, with a time or not."""
    if not row.get(name):
        return None
    try:
        return datetime.fromisoformat(row.get(name)).date()
    except ValueError:
        raise ValueError(f"{name}: not a date: {row.get(name)!r}") from None


def count_of(row: Row) -> int | None:
    """How many instalments; None for a plan that was paid at once."""
    text = row.get("rate_count")
    if not text.isdecimal():
        raise ValueError(f"rate_count: not a whole number: {text!r}")
    return int(text) or None


def serial_of(row: Row, name: str) -> str | None:
    """The serial number; None where the plan is for something without one."""
    return parse_serial(row.get(name)) if row.get(name) else None


def amount_of(row: Row, name: str, currency: str) -> int:
    """Minor units of `1,250.00KES`, or of a bare number; nothing is 0."""
    text = _CURRENCY.sub("", row.get(name)).strip()
    try:
        return typed_minor(text, currency) if text else 0
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None

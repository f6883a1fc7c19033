"""Parsing single values of MicroPowerManager's exports. Each function raises ValueError."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from datetime import date, datetime

from core.money import typed_minor
from core.serial_number import parse_serial
from operations.importing.days import read_day
from operations.mpm.exports import Row

# From their kinds of devices to ours.
KINDS = {"meter": "meter", "solar_home_system": "shs", "e_bike": "e_bike"}

_CURRENCY = re.compile(r"[^\d.,\s]+$")


def code_named(codes: Mapping[str, str | None], noun: str, name: str) -> str:
    """Return the code of the one entry with that name. `noun` is for the error: "appliance"."""
    found = codes.get(name.strip().casefold())
    if found is None:
        several = "several have" if name.strip().casefold() in codes else "the catalogue has no"
        raise ValueError(f"{noun}: {several} {noun} named {name!r}")
    return found


def full_name(*names: str) -> str:
    """Join and normalise a name for comparison: single blanks, small letters."""
    return " ".join(" ".join(names).split()).casefold()


def day_of(row: Row, name: str) -> date | None:
    """Return a date written like 2026-01-31, with a time or without, or as a spreadsheet that the
    export went through wrote it; None where it is empty."""
    if not row.get(name):
        return None
    with contextlib.suppress(ValueError):
        return datetime.fromisoformat(row.get(name)).date()
    try:
        return read_day(row.get(name))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def count_of(row: Row) -> int:
    """Return the number of instalments; 0 for a plan that was paid at once."""
    text = row.get("rate_count").removesuffix(".0")
    if not text.isdecimal():
        raise ValueError(f"rate_count: not a whole number: {text!r}")
    return int(text)


def serial_of(row: Row, name: str) -> str | None:
    """Return the serial number; None where the plan is for an appliance without one."""
    return parse_serial(row.get(name)) if row.get(name) else None


def amount_of(row: Row, name: str, currency: str) -> int:
    """Return the minor units of `1,250.00KES` or of a bare number; 0 where it is empty."""
    text = _CURRENCY.sub("", row.get(name)).strip()
    try:
        return typed_minor(text, currency) if text else 0
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None

"""How values read on a page and in an export: money and days as the market writes them.

A kind of value knows both: `show` is for people (12,500.00; 5 Mar 2026 14:03), `export` for a
spreadsheet (12500.00; 2026-03-05 14:03). Instants are told in the market's zone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from core.market import Market
from core.money import major, minor_digits

Render = Callable[[Any, Market], str]
_NOTHING = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of value reads. `css` is the class of its cell."""

    show: Render
    export: Render
    css: str = ""


def amount(minor: int, market: Market) -> str:
    """`12,500.00`: always with the cents of a currency that has some."""
    digits = minor_digits(market.currency)
    whole, cents = divmod(minor, 10**digits)
    return f"{whole:,}" + (f".{cents:0{digits}d}" if digits else "")


def money(minor: int, market: Market) -> str:
    """`KES 12,500.00`."""
    return f"{market.currency} {amount(minor, market)}"


def day(on: date) -> str:
    """`5 Mar 2026`."""
    return f"{on.day} {on:%b %Y}"


def local(at: datetime, market: Market) -> datetime:
    """The instant in the market's zone."""
    return at.astimezone(ZoneInfo(market.timezone))


def instant(at: datetime, market: Market) -> str:
    """`5 Mar 2026 14:03`, in the market's zone."""
    there = local(at, market)
    return f"{day(there)} {there:%H:%M}"


def words(code: str) -> str:
    """A state or kind of ours as people say it: `down_payment` is `down payment`."""
    return _SPOKEN.get(code) or code.replace("_", " ").replace(".", " ")


_SPOKEN = {
    "shs": "solar kit",
    "e_bike": "e-bike",
    "retired": "out of use",
    "read_only": "read-only",
    "access_rate": "access",
    "payers_device": "the payer has it",
    "swapped": "it took the place of what was typed",
    "paid_before": "they have paid for it before",
    "similar_serial": "one slip away from what was typed",
}


def units(kind: str, count: int) -> str:
    """What a token gives: `5.0 kWh`, `7 days`, `unlock`."""
    if kind == "energy":
        return f"{count // 10}.{count % 10} kWh"
    if kind == "days":
        return f"{count} day{'' if count == 1 else 's'}"
    return kind


def cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula; a plain number stays one."""
    if text[:1] in ("=", "@", "\t", "\r") or (text[:1] in ("+", "-") and not text[1:].isdecimal()):
        return f"'{text}"
    return text


def _kind(show: Render, export: Render, css: str = "") -> Kind:
    return Kind(
        lambda value, market: _NOTHING if value is None else show(value, market),
        lambda value, market: _NOTHING if value is None else cell(export(value, market)),
        css,
    )


TEXT = _kind(lambda value, _: str(value), lambda value, _: str(value))
CODE = _kind(lambda value, _: str(value), lambda value, _: str(value), "code")
WORDS = _kind(lambda value, _: words(value), lambda value, _: str(value))
STATE = _kind(lambda value, _: words(value), lambda value, _: str(value), "state")
COUNT = _kind(lambda value, _: f"{value:,}", lambda value, _: str(value), "number")
MONEY = _kind(amount, lambda value, market: major(value, market.currency), "number")
DAY = _kind(lambda value, _: day(value), lambda value, _: value.isoformat(), "when")
INSTANT = _kind(instant, lambda value, market: f"{local(value, market):%Y-%m-%d %H:%M:%S}", "when")

"""How values are written on a page and in an export: money and days as the market writes them.

A `Format` has both ways: `show` is for people (12,500.00; 5 Mar 2026 14:03), `export` for a
spreadsheet (12500.00; 2026-03-05 14:03). Instants are in the time zone of the market.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from core.market import Market
from core.money import major, major_price, minor_digits, signed_money

Render = Callable[[Any, Market], str]


@dataclass(frozen=True, slots=True)
class Format:
    """How one kind of value is written; None is empty. `css` is the class of its cells."""

    show: Render
    export: Render
    css: str = ""


def amount(minor: int, market: Market) -> str:
    """Return `12,500.00`: minor units in the market's currency, always with all decimal digits."""
    digits = minor_digits(market.currency)
    whole, cents = divmod(minor, 10**digits)
    return f"{whole:,}" + (f".{cents:0{digits}d}" if digits else "")


def unit_price(thousandths: int, market: Market) -> str:
    """Return `25.00` or `1,796.4`: thousandths of a minor unit, with the digits that it has."""
    whole, point, fraction = major_price(thousandths, market.currency).partition(".")
    return f"{int(whole):,}{point}{fraction}"


def money(minor: int, market: Market) -> str:
    """Return `KES 12,500.00`."""
    return f"{market.currency} {amount(minor, market)}"


def day(on: date) -> str:
    """Return `5 Mar 2026`."""
    return f"{on.day} {on:%b %Y}"


def local(at: datetime, market: Market) -> datetime:
    """Return the instant in the market's time zone."""
    return at.astimezone(ZoneInfo(market.timezone))


def instant(at: datetime, market: Market) -> str:
    """Return `5 Mar 2026 14:03`, in the market's time zone."""
    there = local(at, market)
    return f"{day(there)} {there:%H:%M}"


def label(name: str) -> str:
    """Return a name of the database for people: `down_payment` is `down payment`."""
    return _LABELS.get(name) or name.replace("_", " ").replace(".", " ")


_LABELS = {
    "shs": "solar kit",
    "e_bike": "e-bike",
    "read_only": "read-only",
    "office": "the office",
    "bank": "the bank",
    "provider": "the account that received it",
    "access_rate": "access rate",
    "clawback": "payment taken back",
    "payers_device": "the payer owns it",
    "swapped": "it replaced the device with the number that was typed",
    "paid_before": "the payer has paid for it before",
    "similar_serial": "one character differs from what was typed",
}


def token_units(kind: str, count: int) -> str:
    """Return what a token gives: `5.0 kWh` (of 50 tenths), `7 days`, `unlock`."""
    if kind == "energy":
        return f"{count // 10}.{count % 10} kWh"
    if kind == "days":
        return f"{count} day{'' if count == 1 else 's'}"
    return kind


# What begins a formula, also as the wide signs that some spreadsheets take for the same.
_FORMULA = "=+@\uff1d\uff0b\uff0d\uff20-"
# Where a spreadsheet with another separator, or one that does not read quotes, begins another cell.
_SECOND_CELL = re.compile(rf"([;|\t\r\n]\s*)(?=[{_FORMULA}])")


def escape_formula(text: str) -> str:
    """Return the text so that no spreadsheet takes it, or a part of it, for a formula; numbers do
    not change.

    Where the list separator is a semicolon (French Excel) or a tab, what follows one is a cell of
    its own: it gets its apostrophe too.
    """
    guarded = _SECOND_CELL.sub(r"\1'", text)
    if guarded[:1] in ("\t", "\r"):
        return f"'{guarded}"
    if guarded[:1] and guarded[0] in _FORMULA and not _is_number(guarded):
        return f"'{guarded}"
    return guarded


def _is_number(text: str) -> bool:
    return text[0] in "+-" and text[1:].isdecimal()


def _make_format(show: Render, export: Render, css: str = "") -> Format:
    return Format(
        lambda value, market: "" if value is None else show(value, market),
        lambda value, market: "" if value is None else escape_formula(export(value, market)),
        css,
    )


def _details(written: str, market: Market) -> str:
    """Return a JSON object as people read it: `taken from: office, amount: KES 50.00`."""
    return _plain(json.loads(written), market)


def _plain(value: object, market: Market) -> str:
    """Return what JSON holds without its marks; numbers called `..._minor` are money."""
    if isinstance(value, dict):
        return ", ".join(_named(str(name), each, market) for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(_plain(each, market) for each in value)
    return "" if value is None else str(value)


def _named(name: str, value: object, market: Market) -> str:
    if name.endswith("_minor") and isinstance(value, int):
        return f"{label(name.removesuffix('_minor'))}: {signed_money(value, market.currency)}"
    text = _plain(value, market)
    return f"{label(name)}: ({text})" if isinstance(value, dict) else f"{label(name)}: {text}"


TEXT = _make_format(lambda value, _: str(value), lambda value, _: str(value))
MONOSPACE = _make_format(lambda value, _: str(value), lambda value, _: str(value), "mono")
LABEL = _make_format(lambda value, _: label(value), lambda value, _: str(value))
STATE = _make_format(lambda value, _: label(value), lambda value, _: str(value), "state")
COUNT = _make_format(lambda value, _: f"{value:,}", lambda value, _: str(value), "number")
MONEY = _make_format(amount, lambda value, market: major(value, market.currency), "number")
UNIT_PRICE = _make_format(
    unit_price, lambda value, market: major_price(value, market.currency), "number"
)
DAY = _make_format(lambda value, _: day(value), lambda value, _: value.isoformat(), "when")
DETAILS = _make_format(_details, _details)
INSTANT = _make_format(
    instant, lambda value, market: f"{local(value, market):%Y-%m-%d %H:%M:%S}", "when"
)

"""Arguments and options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

import click

from core.errors import BadInput
from core.money import typed_minor
from core.payment import RECEIPT_MAX, parse_own_receipt
from core.unit import Unit

Function = TypeVar("Function", bound=Callable[..., object])

file_argument = click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
account_option = click.option(
    "--account",
    metavar="ACCOUNT",
    help="The receiving account, where several accounts have that receipt.",
)
amount_option = click.option(
    "--amount", metavar="AMOUNT", help="A part, like 200 or 200.50; without it all that is left."
)
reason_option = click.option(
    "--reason", required=True, metavar="TEXT", help="Why, for the audit log."
)
again_option = click.option(
    "--again", is_flag=True, help="Do it also where the same was done minutes ago."
)


def day_option(name: str, text: str) -> Callable[[Function], Function]:
    """Return an option for a day, which the command gets as a datetime or None."""
    return click.option(name, type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help=text)


def read_number(typed: str) -> int:
    """Return the number of a row, as a list prints it. Raises BadInput."""
    if not typed.isdecimal():
        raise BadInput(f"{typed!r} is not a number of the list")
    return int(typed)


def read_amount(unit: Unit, typed: str) -> int:
    """Return an amount in minor units of the market's currency. Raises BadInput."""
    try:
        return typed_minor(typed, unit.market.currency)
    except ValueError as error:
        raise BadInput(str(error)) from error


def read_part(unit: Unit, typed: str | None) -> int | None:
    """Return what `--amount` says in minor units; None for all that is left. Raises BadInput."""
    return None if typed is None else read_amount(unit, typed)


def read_receipt(typed: str, most: int = RECEIPT_MAX) -> str:
    """Return the number of a receipt, a slip or a transfer. Raises BadInput."""
    try:
        return parse_own_receipt(typed, most)
    except ValueError as error:
        raise BadInput(f"RECEIPT: {error}") from error


def read_day(typed: datetime | None) -> date | None:
    """Return the day of a `day_option`; None without one."""
    return typed.date() if typed else None


def read_msisdn(unit: Unit, typed: str) -> str:
    """Return a phone number in E.164, read as in the market's country. Raises BadInput."""
    from core.msisdn import parse_msisdn

    try:
        return parse_msisdn(typed, unit.market.country)
    except ValueError as error:
        raise BadInput(str(error)) from error

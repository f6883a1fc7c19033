"""`dialwatt vend list | done | credited | again | give-back`: a person decides about vends."""

from __future__ import annotations

import click

from core.db.console.listing import read_page
from core.db.console.vends import VENDS, VendRow
from core.money import Money
from core.usecases.vends.decide import ask_again, give_vend_back, say_credited, say_vended
from core.usecases.vends.outcome import units_in_words
from operations.commands.arguments import read_number, reason_option
from operations.database import open_for_command
from operations.operator import operator_name

_MOST = 200


@click.group()
def vend() -> None:
    """Say what became of what a vendor was asked for.

    Where it is not known whether it was vended, it is not asked for again by itself. Look into
    the vendor's own page first.
    """


@vend.command("list")
@click.option("--all", "all_states", is_flag=True, help="Also those that wait for no person.")
def list_(all_states: bool) -> None:
    """List the vends that wait for a person, the newest first."""
    with open_for_command()() as unit:
        chosen = {} if all_states else {"person": True}
        for row in read_page(unit.connection, VENDS, chosen, "", _MOST).rows:
            print(_line(row))


def _line(row: VendRow) -> str:
    state = "credited" if row.pushed else row.state
    asked = f", asked {row.asked_at:%Y-%m-%d %H:%M} UTC" if row.asked_at else ""
    words = f": {row.words}" if row.words else ""
    what = units_in_words(row.kind, row.units)
    about = row.receipt or f"order {row.order_id}"
    return f"{row.id:<8}{row.serial}  {what}  {about}  {row.vendor} {state}{asked}{words}"


@vend.command()
@click.argument("number")
@click.argument("codes", nargs=-1, required=True)
@reason_option
def done(number: str, codes: tuple[str, ...], reason: str) -> None:
    """Store that it was vended, with its CODES in the order in which they are typed.

    A worker stores them and texts the customer. NUMBER: see `dialwatt vend list`.
    """
    with open_for_command()() as unit:
        decided = say_vended(unit, read_number(number), codes, operator_name(), reason)
    print(f"The code for {decided.serial} is stored and sent.")


@vend.command()
@click.argument("number")
@reason_option
def credited(number: str, reason: str) -> None:
    """Store that the vendor has put the credit on the device.

    NUMBER: see `dialwatt vend list`.
    """
    with open_for_command()() as unit:
        decided = say_credited(unit, read_number(number), operator_name(), reason)
    print(f"The customer is told that {decided.serial} has its credit.")


@vend.command()
@click.argument("number")
@reason_option
def again(number: str, reason: str) -> None:
    """Store that it was not vended, and ask again.

    NUMBER: see `dialwatt vend list`.
    """
    with open_for_command()() as unit:
        decided = ask_again(unit, read_number(number), operator_name(), reason)
    print(f"The vendor is asked again for {decided.serial}.")


@vend.command("give-back")
@click.argument("number")
@reason_option
def give_back(number: str, reason: str) -> None:
    """Store that it was not vended, and make its money the customer's credit.

    Instalments that it had paid are due again. NUMBER: see `dialwatt vend list`.
    """
    with open_for_command()() as unit:
        minor = give_vend_back(unit, read_number(number), operator_name(), reason)
        amount = Money(minor, unit.market.currency)
    print(f"{amount} is the customer's credit now.")

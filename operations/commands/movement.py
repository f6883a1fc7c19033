"""`dialwatt movement [ID]`: movements that a person must explain, and explaining one."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import click

from core.db.held_movements import HeldMovement, waiting_movements
from core.errors import BadInput
from core.market import Market
from core.money import Money
from core.movement import BOOKED_AS, BookedAs
from core.usecases.reconciliation.explain import explain_movement
from operations.database import open_for_command
from operations.operator import operator_name


@click.command()
@click.argument("number", metavar="ID", required=False)
@click.option(
    "--book",
    "booked_as",
    type=click.Choice(BOOKED_AS),
    help="What it was: a settlement between the account and our bank, a fee, something else"
    " (unclassified), or nothing: it is in the ledger already, or does not belong there.",
)
@click.option("--reason", metavar="TEXT", help="How you know, for the audit log.")
def movement(number: str | None, booked_as: BookedAs | None, reason: str | None) -> None:
    """List movements to explain, or say what one was.

    `dialwatt statement` books what it knows. Money to staff, suppliers and customers, or
    back from them, and types that are not known yet wait here with a case each.
    """
    if number is not None and (booked_as is None or not reason):
        raise click.UsageError("an ID goes with --book and --reason")
    if number is not None and not number.isdecimal():
        raise BadInput("a movement is named by its number, as `dialwatt movement` shows it")
    with open_for_command()() as unit:
        if number is None or booked_as is None:
            for held in waiting_movements(unit.connection):
                print(_describe_movement(held, unit.market))
            return
        explain_movement(unit, int(number), booked_as, operator_name(), reason or "")
    print(f"movement {number}: {booked_as}")


def _describe_movement(held: HeldMovement, market: Market) -> str:
    amount = Money(held.amount_minor, market.currency)
    at = held.happened_at.astimezone(ZoneInfo(market.timezone))
    return (
        f"{held.id}  {held.provider_account}  {held.receipt}  {held.direction}  {amount}"
        f"  {at:%Y-%m-%d %H:%M}  {held.written}"
    )

"""`dialwatt credit use | give-back | move`: what an operator does with a customer's credit."""

from __future__ import annotations

from datetime import datetime

import click

from core.refund import NewReturn, read_credit_source
from core.unit import Unit
from core.usecases.customers.caller import get_known
from core.usecases.refunds.credit import give_credit_back, transfer_credit
from core.usecases.refunds.use_credit import use_credit
from operations.commands.arguments import (
    amount_option,
    day_option,
    read_day,
    read_msisdn,
    read_part,
    reason_option,
)
from operations.database import open_for_command
from operations.operator import operator_name

_reference_option = click.option(
    "--reference", required=True, metavar="TEXT", help="Its number: the same one is booked once."
)
_RECORDED_BEFORE = "that was recorded before: nothing changed"


@click.group()
def credit() -> None:
    """Use a customer's credit, give it back, or move it."""


def _customer_id(unit: Unit, typed: str) -> int:
    return get_known(unit, read_msisdn(unit, typed)).id


@credit.command()
@click.argument("msisdn")
@click.argument("serial")
@reason_option
def use(msisdn: str, serial: str, reason: str) -> None:
    """Pay with all the credit of a customer, without new money.

    MSISDN is the customer's phone number, SERIAL a device of theirs; with LOAN after it the credit
    pays the loan.
    """
    with open_for_command()() as unit:
        receipt = use_credit(unit, _customer_id(unit, msisdn), serial, operator_name(), reason)
    print(f"being applied. See `dialwatt show payment {receipt}`")


@credit.command("give-back")
@click.argument("msisdn")
@click.option(
    "--from", "source", required=True, metavar="SOURCE",
    help="office, bank, or the provider account that it was sent from by hand (daraja:600123).",
)  # fmt: skip
@amount_option
@_reference_option
@day_option("--on", "The day it happened; today if not given.")
@reason_option
def give_back(
    msisdn: str,
    source: str,
    amount: str | None,
    reference: str,
    on: datetime | None,
    reason: str,
) -> None:
    """Record that a customer got credit back.

    MSISDN is the customer's phone number.
    """
    with open_for_command()() as unit:
        came_from, account = read_credit_source(source)
        at = unit.begin_of(read_day(on))
        back = NewReturn(read_part(unit, amount), came_from, reference, at)
        customer_id = _customer_id(unit, msisdn)
        is_new = give_credit_back(unit, customer_id, back, account, operator_name(), reason)
    print("recorded, the customer gets an SMS" if is_new else _RECORDED_BEFORE)


@credit.command()
@click.argument("msisdn")
@click.argument("to_msisdn", metavar="TO_MSISDN")
@amount_option
@_reference_option
@reason_option
def move(msisdn: str, to_msisdn: str, amount: str | None, reference: str, reason: str) -> None:
    """Move credit of a customer to another.

    MSISDN and TO_MSISDN are the phone numbers of the two.
    """
    with open_for_command()() as unit:
        back = NewReturn(read_part(unit, amount), reference=reference)
        giver, taker = _customer_id(unit, msisdn), _customer_id(unit, to_msisdn)
        is_new = transfer_credit(unit, giver, taker, back, operator_name(), reason)
    print("moved, both customers get an SMS" if is_new else _RECORDED_BEFORE)

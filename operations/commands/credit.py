"""`dialwatt credit use | give-back | move`: what an operator does with a customer's credit."""

from __future__ import annotations

import os
from datetime import datetime

import click

from core.errors import BadInput
from core.msisdn import parse_msisdn
from core.refund import NewReturn
from core.unit import Unit
from core.usecases.customers.caller import get_known
from core.usecases.refunds.credit import give_credit_back, transfer_credit
from core.usecases.refunds.use_credit import use_credit
from operations.commands.returns import (
    amount_option,
    instant_of,
    minor_of,
    on_option,
    reason_option,
)
from operations.database import open_database
from operations.environment import command_environment
from operations.operator import operator_name

_reference_option = click.option(
    "--reference", required=True, metavar="TEXT", help="Its number: the same one is booked once."
)
_RECORDED_BEFORE = "that was recorded before: nothing changed"


@click.group()
def credit() -> None:
    """Use a customer's credit, give it back, or move it."""


def _customer_id(unit: Unit, typed: str) -> int:
    try:
        msisdn = parse_msisdn(typed, unit.market.country)
    except ValueError as error:
        raise BadInput(str(error)) from error
    return get_known(unit, msisdn).id


@credit.command()
@click.argument("msisdn")
@click.argument("serial")
@reason_option
def use(msisdn: str, serial: str, reason: str) -> None:
    """Pay with all the credit of a customer, without new money.

    MSISDN is the customer's phone number, SERIAL a device of theirs; with LOAN after it the credit
    pays the loan.
    """
    with open_database(command_environment(os.environ))() as unit:
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
@on_option
@reason_option
def give_back(
    msisdn: str,
    source: str,
    amount: str | None,
    reference: str,
    day: datetime | None,
    reason: str,
) -> None:
    """Record that a customer got credit back.

    MSISDN is the customer's phone number.
    """
    with open_database(command_environment(os.environ))() as unit:
        minor, at = minor_of(unit, amount), instant_of(unit, day)
        if source == "office":
            back, account = NewReturn(minor, "office", reference, at), None
        elif source == "bank":
            back, account = NewReturn(minor, "bank", reference, at), None
        else:
            back, account = NewReturn(minor, "provider", reference, at), source
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
    with open_database(command_environment(os.environ))() as unit:
        back = NewReturn(minor_of(unit, amount), reference=reference)
        giver, taker = _customer_id(unit, msisdn), _customer_id(unit, to_msisdn)
        is_new = transfer_credit(unit, giver, taker, back, operator_name(), reason)
    print("moved, both customers get an SMS" if is_new else _RECORDED_BEFORE)

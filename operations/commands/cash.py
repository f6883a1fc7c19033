"""`dialwatt cash take | bank | pay-commission`: the office's cash and the bank."""

from __future__ import annotations

from datetime import datetime

import click

from core.agent import Agent
from core.db.agents import find_agent
from core.errors import Refused
from core.journal import OWN_ACCOUNTS, OwnMoney
from core.money import Money
from core.payment import SHORT_RECEIPT_MAX
from core.unit import Unit
from core.usecases.agents.pay_out import pay_commission as pay_out_commission
from core.usecases.cash.bank_cash import bank_cash
from core.usecases.cash.take_payment import OfficePayment, take_payment
from operations.commands.arguments import (
    day_option,
    read_amount,
    read_day,
    read_msisdn,
    read_receipt,
    reason_option,
)
from operations.database import open_for_command
from operations.operator import operator_name

_PLACES = click.Choice(list(OWN_ACCOUNTS))


@click.group()
def cash() -> None:
    """Book what moves the cash of the office, and the bank.

    RECEIPT is the number of the receipt, slip or transfer: the same one again is refused.
    """


@cash.command()
@click.argument("account")
@click.argument("amount")
@click.argument("receipt")
@click.option(
    "--to",
    "place",
    type=_PLACES,
    default="office",
    show_default=True,
    help="Where the money came to.",
)
@day_option("--on", "The day the money came; today if not given.")
@reason_option
def take(
    account: str, amount: str, receipt: str, place: OwnMoney, on: datetime | None, reason: str
) -> None:  # fmt: skip
    """Take a payment: cash at the office, or a transfer to the bank.

    ACCOUNT is what a payer would name: a serial number, or one with LOAN after it, or a customer's
    account reference. Cash is refused where nothing can be done with it; a transfer that cannot be
    matched goes to suspense.
    """
    with open_for_command()() as unit:
        money = Money(read_amount(unit, amount), unit.market.currency)
        taken = OfficePayment(account, money, place, read_receipt(receipt), read_day(on))
        take_payment(unit, taken, operator_name(), reason)
        print(f"{money} for {account} is booked under {taken.receipt}.")


@cash.command()
@click.argument("amount")
@click.argument("receipt")
@reason_option
def bank(amount: str, receipt: str, reason: str) -> None:
    """Book cash of the office into the bank."""
    with open_for_command()() as unit:
        money = Money(read_amount(unit, amount), unit.market.currency)
        left = bank_cash(unit, money, read_receipt(receipt), operator_name(), reason)
        print(f"{money} is booked into the bank. The office holds {left}.")


@cash.command("pay-commission")
@click.argument("msisdn")
@click.argument("amount")
@click.argument("receipt")
@click.option(
    "--from",
    "place",
    type=_PLACES,
    default="office",
    show_default=True,
    help="Where the money is taken from.",
)
@reason_option
def pay_commission(msisdn: str, amount: str, receipt: str, place: OwnMoney, reason: str) -> None:
    """Pay out commission to the agent with that phone number."""
    with open_for_command()() as unit:
        money = Money(read_amount(unit, amount), unit.market.currency)
        agent = get_agent(unit, msisdn)
        paid_from = (place, read_receipt(receipt, SHORT_RECEIPT_MAX))
        left = pay_out_commission(unit, agent.id, money, paid_from, operator_name(), reason)
        print(f"{money} is paid out, {left} of commission is left.")


def get_agent(unit: Unit, typed: str) -> Agent:
    """Return the agent with that phone number. Raises Refused("not_an_agent") and BadInput."""
    agent = find_agent(unit.connection, read_msisdn(unit, typed))
    if agent is None:
        raise Refused("not_an_agent")
    return agent

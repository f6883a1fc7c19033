"""`dialwatt money-back`: ask for a refund, or record that money of a payment went back."""

from __future__ import annotations

import os
from datetime import datetime, time
from zoneinfo import ZoneInfo

import click

from core.errors import BadInput
from core.money import parse_minor
from core.refund import MONEY_BACK_FROM, MoneyBackFrom, NewReturn
from core.unit import Unit
from core.usecases.payments.show import show_payment
from core.usecases.refunds.refund import request_refund
from core.usecases.refunds.reversal import reverse_by_hand
from gateway.payments.channel_table import channel_table
from operations.commands.arguments import account_option
from operations.database import open_database
from operations.environment import command_environment
from operations.operator import operator_name

reason_option = click.option(
    "--reason", required=True, metavar="TEXT", help="Why, for the audit log."
)
amount_option = click.option(
    "--amount", metavar="AMOUNT", help="A part, like 200 or 200.50; without it all that is left."
)
on_option = click.option(
    "--on", "day", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY",
    help="The day it happened, like 2026-03-05; without it now.",
)  # fmt: skip


def minor_of(unit: Unit, amount: str | None) -> int | None:
    """Return minor units of an amount as typed; None for none. Raises BadInput."""
    try:
        return None if amount is None else parse_minor(amount, unit.market.currency)
    except ValueError as error:
        raise BadInput(str(error)) from error


def instant_of(unit: Unit, day: datetime | None) -> datetime | None:
    """Return the beginning of a day in the market; None for now."""
    if day is None or day.date() == unit.today:
        return None
    return datetime.combine(day.date(), time(), ZoneInfo(unit.market.timezone))


@click.group("money-back")
def returns() -> None:
    """Ask for a refund, or record that money went back."""


@returns.command()
@click.argument("receipt")
@account_option
@amount_option
@reason_option
def request(receipt: str, account: str | None, amount: str | None, reason: str) -> None:
    """Have the provider send a payment back that was not used.

    RECEIPT is the provider's receipt of the payment.
    """
    with open_database(command_environment(os.environ), channel_table())() as unit:
        paid = show_payment(unit, receipt.strip(), account).payment
        request_refund(unit, paid.id, operator_name(), reason, minor_of(unit, amount))
    print(f"the provider is asked. See `dialwatt show payment {receipt.strip()}`")


@returns.command()
@click.argument("receipt")
@account_option
@click.option(
    "--from", "source", required=True, type=click.Choice(MONEY_BACK_FROM),
    help="provider: the account, or the agent, that received it.",
)  # fmt: skip
@amount_option
@click.option(
    "--reference", metavar="TEXT",
    help="The receipt, bank reference or voucher number of it. The same one is booked once.",
)  # fmt: skip
@on_option
@reason_option
def record(
    receipt: str,
    account: str | None,
    source: MoneyBackFrom,
    amount: str | None,
    reference: str | None,
    day: datetime | None,
    reason: str,
) -> None:
    """Record that a payer has money back.

    RECEIPT is the provider's receipt of the payment. A part needs a reference.
    """
    with open_database(command_environment(os.environ), channel_table())() as unit:
        paid = show_payment(unit, receipt.strip(), account).payment
        back = NewReturn(minor_of(unit, amount), source, reference, instant_of(unit, day))
        is_new = reverse_by_hand(unit, paid.id, back, operator_name(), reason)
    print(
        f"recorded. See `dialwatt show payment {receipt.strip()}`"
        if is_new
        else "that was recorded before: nothing changed"
    )

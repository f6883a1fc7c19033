"""`dialwatt money-back`: ask for a refund, or record that money of a payment went back."""

from __future__ import annotations

from datetime import datetime

import click

from core.refund import MONEY_BACK_FROM, MoneyBackFrom, NewReturn
from core.usecases.payments.show import show_payment
from core.usecases.refunds.refund import request_refund
from core.usecases.refunds.reversal import reverse_by_hand
from gateway.payments.channel_table import channel_table
from operations.commands.arguments import (
    account_option,
    amount_option,
    day_option,
    read_day,
    read_part,
    reason_option,
)
from operations.database import open_for_command
from operations.operator import operator_name


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
    with open_for_command(channel_table())() as unit:
        paid = show_payment(unit, receipt.strip(), account).payment
        request_refund(unit, paid.id, operator_name(), reason, read_part(unit, amount))
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
@day_option("--on", "The day it happened; today if not given.")
@reason_option
def record(
    receipt: str,
    account: str | None,
    source: MoneyBackFrom,
    amount: str | None,
    reference: str | None,
    on: datetime | None,
    reason: str,
) -> None:
    """Record that a payer has money back.

    RECEIPT is the provider's receipt of the payment. A part needs a reference.
    """
    with open_for_command(channel_table())() as unit:
        paid = show_payment(unit, receipt.strip(), account).payment
        at = unit.begin_of(read_day(on))
        back = NewReturn(read_part(unit, amount), source, reference, at)
        is_new = reverse_by_hand(unit, paid.id, back, operator_name(), reason)
    print(
        f"recorded. See `dialwatt show payment {receipt.strip()}`"
        if is_new
        else "that was recorded before: nothing changed"
    )

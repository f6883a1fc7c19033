"""`dialwatt sale list | pause | settle | write-off | ...`: how a sale ends, or stands still."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import click

from core.db.console.sales import sales_of_customer
from core.money import Money, major
from core.unit import Unit
from core.usecases.operators.audit import check_not_repeated
from core.usecases.registration.show_customer import show_customer
from core.usecases.sales.change_sale import discount_sale
from core.usecases.sales.default_sale import default_sale, undo_default
from core.usecases.sales.end_sale import (
    agree_rest,
    cancel_sale,
    repossess_sale,
    settle_sale,
    write_off_sale,
)
from core.usecases.sales.pause_sale import pause_sale, resume_sale
from core.usecases.sales.running_sale import device_of_another
from operations.commands.arguments import (
    again_option,
    day_option,
    read_amount,
    read_day,
    read_msisdn,
    read_number,
    reason_option,
)
from operations.database import open_for_command
from operations.operator import operator_name

_SALE = click.argument("number", metavar="SALE")


@click.group()
def sale() -> None:
    """End a sale, or let it stand still.

    SALE is the number that `dialwatt sale list MSISDN` prints. The customer gets an SMS about every
    change.
    """


@sale.command("list")
@click.argument("msisdn")
def list_(msisdn: str) -> None:
    """List the sales of the customer with that phone number, the newest first."""
    with open_for_command()() as unit:
        customer = show_customer(unit, read_msisdn(unit, msisdn)).customer
        for row in sales_of_customer(unit.connection, customer.id):
            paid = f"{_major(unit, row.paid_minor)} of {_major(unit, row.total_minor)} paid"
            print(f"{row.id:<8}{row.state:<13}{row.appliance} {row.serial or ''}  {paid}")


def _major(unit: Unit, minor: int) -> str:
    return major(minor, unit.market.currency)


def _add_command(
    name: str, use_case: Callable[[Unit, int, str, str], None], done: str, text: str
) -> None:
    """Add a command for an act that needs nothing but the reason."""

    def run(number: str, reason: str) -> None:
        with open_for_command()() as unit:
            sale_id = read_number(number)
            use_case(unit, sale_id, operator_name(), reason)
            other = device_of_another(unit, sale_id)
        print(f"Sale {sale_id} is {done}.")
        if other is not None:
            print(f"{other} is another customer's by now and stays theirs.")

    sale.command(name, help=text)(_SALE(reason_option(run)))


_add_command(
    "pause", pause_sale, "paused", "Stop the clock: nothing falls due until it is resumed."
)
_add_command(
    "resume", resume_sale, "open", "Let a paused sale run on; what is due moves by the pause."
)
_add_command("default", default_sale, "in default", "Declare an overdue sale in default.")
_add_command("undo-default", undo_default, "open", "Declare a sale in good standing again.")
_add_command(
    "cancel", cancel_sale, "cancelled",
    "Undo a sale: the rest is taken off the income, the device returns to stock and is locked.",
)  # fmt: skip
_add_command(
    "repossess", repossess_sale, "repossessed",
    "End a sale whose device was taken back: the rest is a bad debt, the device is locked.",
)  # fmt: skip
_add_command(
    "write-off", write_off_sale, "written off",
    "Give up what is left to pay as a bad debt. Money that comes later is a recovery.",
)  # fmt: skip


@sale.command()
@_SALE
@click.argument("amount")
@again_option
@reason_option
def discount(number: str, amount: str, again: bool, reason: str) -> None:
    """Forgive AMOUNT of what is left to pay; the rest is spread over the untouched instalments.

    The same again within five minutes is refused without --again.
    """
    with open_for_command()() as unit:
        sale_id = read_number(number)
        forgiven = Money(read_amount(unit, amount), unit.market.currency)
        if not again:
            check_not_repeated(unit, "discount", "sale", sale_id, discount_minor=forgiven.minor)
        discount_sale(unit, sale_id, forgiven, operator_name(), reason)
        print(f"{forgiven} of sale {number} is forgiven.")


@sale.command()
@_SALE
@click.option("--rest", metavar="AMOUNT", help="One last payment that was agreed on.")
@day_option("--due-on", "When the rest is due; today if not given.")
@reason_option
def settle(number: str, rest: str | None, due_on: datetime | None, reason: str) -> None:
    """End a sale at what is paid, or with an agreed rest.

    A device is unlocked, at once or when the rest is paid.
    """
    sale_id = read_number(number)
    with open_for_command()() as unit:
        if rest is None:
            settle_sale(unit, sale_id, operator_name(), reason)
            print(f"Sale {sale_id} is settled.")
            return
        last = Money(read_amount(unit, rest), unit.market.currency)
        agree_rest(unit, sale_id, last, read_day(due_on), operator_name(), reason)
        print(f"Sale {sale_id} ends with a last payment of {last}.")

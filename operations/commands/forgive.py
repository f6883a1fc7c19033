"""`dialwatt forgive list | fee | clawback | shortfall`: debts that are not of a sale end unpaid."""

from __future__ import annotations

import click

from core.db.forgiven import ForgivableKind, forgivable_debts
from core.money import Money
from core.usecases.agents.pay_out import write_off_shortfall
from core.usecases.customers.forgive_debt import forgive_debt
from core.usecases.operators.audit import check_not_repeated
from core.usecases.registration.show_customer import show_customer
from operations.commands.arguments import (
    again_option,
    read_amount,
    read_msisdn,
    read_number,
    reason_option,
)
from operations.commands.cash import get_agent
from operations.database import open_for_command
from operations.operator import operator_name

_KINDS: tuple[tuple[str, ForgivableKind], ...] = (("fee", "access_rate"), ("clawback", "clawback"))


@click.group()
def forgive() -> None:
    """Waive a fee; write off a clawback or a shortfall.

    Who owes it gets an SMS. What is left of a sale ends with `dialwatt sale`.
    """


@forgive.command("list")
@click.argument("msisdn")
def list_(msisdn: str) -> None:
    """List the fees and clawbacks that the customer with that phone number owes."""
    with open_for_command()() as unit:
        customer = show_customer(unit, read_msisdn(unit, msisdn)).customer
        for word, kind in _KINDS:
            for debt in forgivable_debts(unit.connection, kind, customer.id):
                amount = Money(debt.amount_minor, unit.market.currency)
                print(f"{word:<6}{debt.id:<8}{amount}  {debt.about}  since {debt.due_on}")


@forgive.command()
@click.argument("number")
@reason_option
def fee(number: str, reason: str) -> None:
    """Waive what is open of an access fee: a discount.

    NUMBER: see `dialwatt forgive list MSISDN`.
    """
    _forgive_debt("access_rate", number, reason)


@forgive.command()
@click.argument("number")
@reason_option
def clawback(number: str, reason: str) -> None:
    """Write off what is owed for money that was taken back: a bad debt.

    NUMBER: see `dialwatt forgive list MSISDN`.
    """
    _forgive_debt("clawback", number, reason)


def _forgive_debt(kind: ForgivableKind, number: str, reason: str) -> None:
    with open_for_command()() as unit:
        amount = forgive_debt(unit, kind, read_number(number), operator_name(), reason)
    print(f"{amount} is not owed any more.")


@forgive.command()
@click.argument("msisdn")
@click.argument("amount")
@again_option
@reason_option
def shortfall(msisdn: str, amount: str, again: bool, reason: str) -> None:
    """Write off what the agent with that phone number cannot pay: a bad debt.

    The same again within five minutes is refused without --again.
    """
    with open_for_command()() as unit:
        money = Money(read_amount(unit, amount), unit.market.currency)
        agent = get_agent(unit, msisdn)
        if not again:
            check_not_repeated(unit, "write_off", "agent", agent.id, amount_minor=money.minor)
        owed = write_off_shortfall(unit, agent.id, money, operator_name(), reason)
        print(f"{money} is written off. The agent owes {owed}.")

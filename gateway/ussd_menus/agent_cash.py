"""Collect cash for any device: what it will do, then the PIN, then a receipt to both parties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.money import Money
from core.names import mask_name
from core.usecases.agents.collect_cash import collect_cash
from core.usecases.payments.find_account import read_account
from core.usecases.payments.quote import quote_payment
from core.wording.message import BoundMessage
from core.wording.messages import agent as agent_messages
from core.wording.messages import agent_cash as messages
from core.wording.payment_words import describe_allocation
from gateway.ussd_menus.agent_customer import Owner
from gateway.ussd_menus.effect import CALLER, do
from gateway.ussd_menus.options import option
from gateway.ussd_menus.readers import Amount, Pin, Serial
from gateway.ussd_menus.repeats import was_done_before
from gateway.ussd_menus.screens import Ask, Choice, Notice, Route
from gateway.ussd_menus.session_vars import secret, session_var
from gateway.ussd_menus.turn import Turn

serial = session_var("serial", str)
amount = session_var("amount", Money)
pin = secret("pin")


@dataclass(frozen=True, slots=True)
class CashAllocation:
    """What the cash will pay."""

    allocations: Sequence[BoundMessage]


def owner(turn: Turn) -> Owner:
    """The masked name of the device's owner."""
    owner = read_account(turn.unit, turn[serial]).owner
    return Owner(mask_name(owner.name, owner.surname))


def cash_allocation(turn: Turn) -> CashAllocation:
    """What the cash will pay."""
    quote = quote_payment(turn.unit, turn[serial], turn[amount].minor)
    return CashAllocation(describe_allocation(turn.unit.market, quote.outcome))


collected = Notice("cash.done", messages.collected)
pin_again = Ask(
    "cash.pin_again",
    agent_messages.which_pin,
    reader=Pin,
    stores=pin,
    do=do(collect_cash, msisdn=CALLER, pin=pin, serial=serial, amount=amount, is_second=True),
    to=collected,
)
booked_before = Choice(
    "cash.booked_before",
    messages.booked_before,
    options=[option(messages.second_payment, to=pin_again)],
)
which_pin = Ask(
    "cash.pin",
    agent_messages.which_pin,
    reader=Pin,
    stores=pin,
    do=do(collect_cash, msisdn=CALLER, pin=pin, serial=serial, amount=amount),
    to=Route("cash.booked", by=was_done_before, to={True: booked_before, False: collected}),
)
confirm = Choice(
    "cash.confirm",
    messages.confirm_cash,
    data=cash_allocation,
    paged=True,
    options=[option(agent_messages.agree, to=which_pin)],
)
which_amount = Ask(
    "cash.amount", messages.which_amount, data=owner, reader=Amount, stores=amount, to=confirm
)
which_serial = Ask(
    "cash.serial", agent_messages.which_serial, reader=Serial, stores=serial, to=which_amount
)

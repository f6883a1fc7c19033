"""An agent's customer: found by number and confirmed by the masked name; the customer card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.device import DeviceState
from core.names import mask_name
from core.usecases.customers.caller import get_known
from core.usecases.devices.list_devices import list_devices
from core.usecases.registration.customer_card import (
    CustomerCard,
    LastToken,
    find_last_token,
    look_up_customer,
    resend_last_token,
)
from core.usecases.sales.debts import Debts, list_debts
from core.wording.messages import agent as agent_messages
from core.wording.messages import agent_customer as messages
from core.wording.messages import agent_kit as kit_messages
from core.wording.messages import debts as debt_messages
from gateway.ussd_menus import agent_kit
from gateway.ussd_menus.debts import DebtRow, DebtTotals, debt_rows, debt_totals
from gateway.ussd_menus.effect import do
from gateway.ussd_menus.options import option
from gateway.ussd_menus.readers import Phone
from gateway.ussd_menus.screen import Screen, Target
from gateway.ussd_menus.screens import Ask, Choice, Notice, Pick
from gateway.ussd_menus.session_vars import session_var
from gateway.ussd_menus.turn import Turn

phone = session_var("phone", str)
serial = session_var("serial", str)


@dataclass(frozen=True, slots=True)
class Owner:
    """The name of a customer; of one who is known only the first letters."""

    owner: str


def masked_customer(turn: Turn) -> Owner:
    """The customer who has the typed number. Raises Refused("customer_unknown")."""
    customer = get_known(turn.unit, turn[phone])
    return Owner(mask_name(customer.name, customer.surname))


def known_customer(prefix: str, then: Target) -> Screen:
    """The question for a known customer's number; after the name is confirmed comes `then`."""
    confirm = Choice(
        f"{prefix}.confirm_customer",
        agent_messages.confirm_customer,
        data=masked_customer,
        options=[option(agent_messages.yes, to=then)],
    )
    return Ask(
        f"{prefix}.phone", agent_messages.which_phone, reader=Phone, stores=phone, to=confirm
    )


def card(turn: Turn) -> CustomerCard:
    """What an agent may know of the customer."""
    return look_up_customer(turn.unit, turn[phone])


def devices(turn: Turn) -> Sequence[DeviceState]:
    """The customer's devices."""
    return list_devices(turn.unit, get_known(turn.unit, turn[phone]).id)


def last_token(turn: Turn) -> LastToken:
    """The last token of the device, without its digits. Raises Refused("no_such_token")."""
    return find_last_token(turn.unit, turn[phone], turn[serial])


def debts(turn: Turn) -> Debts:
    """The debts of the customer."""
    return list_debts(turn.unit, get_known(turn.unit, turn[phone]).id)


def totals(turn: Turn) -> DebtTotals:
    """The sums shown above the customer's debts."""
    return debt_totals(turn, debts(turn))


def customer_debts(turn: Turn) -> Sequence[DebtRow]:
    """The customer's debts, oldest first."""
    return debt_rows(turn, debts(turn))


resent = Notice("agent.resent", messages.resent)
send = Choice(
    "agent.last_token",
    messages.last_token,
    data=last_token,
    options=[
        option(messages.send, do=do(resend_last_token, phone=phone, serial=serial), to=resent),
    ],
)
which_device = Pick(
    "agent.device",
    messages.which_device,
    rows=devices,
    row_message=messages.device,
    empty_message=messages.no_device,
    stores=serial,
    to=send,
)
owed: Pick[None] = Pick(
    "agent.owed",
    debt_messages.total,
    rows=customer_debts,
    row_message=debt_messages.line,
    empty_message=debt_messages.nothing,
    data=totals,
)
which_kit = Pick(
    "agent.kit",
    messages.which_device,
    rows=devices,
    row_message=messages.device,
    empty_message=messages.no_device,
    stores=agent_kit.serial,
    to=agent_kit.which_reading,
)
customer_card = Choice(
    "agent.card",
    messages.card,
    data=card,
    options=[
        option(messages.resend, to=which_device),
        option(messages.owed, to=owed),
        option(kit_messages.menu, to=which_kit),
    ],
)
which_phone = Ask(
    "agent.look_up", agent_messages.which_phone, reader=Phone, stores=phone, to=customer_card
)

"""The customer an agent deals with: by number, confirmed by the masked name; and looking up."""

from __future__ import annotations

from dataclasses import dataclass

from core.names import mask_name
from core.usecases.look_up_customer import (
    CustomerCard,
    get_known,
    look_up_customer,
    resend_last_token,
)
from core.wording.messages import agent as say
from gateway.ussd_menus.carried import carried
from gateway.ussd_menus.options import Target, do, option
from gateway.ussd_menus.readers import Phone
from gateway.ussd_menus.screens import Ask, Choice, Notice, Screen
from gateway.ussd_menus.turn import Turn

phone = carried("phone", str)


@dataclass(frozen=True, slots=True)
class Masked:
    """As much of a name as recognises somebody."""

    owner: str


def masked(turn: Turn) -> Masked:
    """The customer behind the number that was typed. Raises Refused("customer_unknown")."""
    customer = get_known(turn.unit, turn[phone])
    return Masked(mask_name(customer.name, customer.surname))


def known_customer(prefix: str, then: Target) -> Screen:
    """Ask for the number of a known customer, confirm the name, go on."""
    is_it = Choice(f"{prefix}.is_it", say.is_it, facts=masked, options=[option(say.yes, to=then)])
    return Ask(f"{prefix}.phone", say.which_phone, reads=Phone, into=phone, to=is_it)


def card(turn: Turn) -> CustomerCard:
    """What an agent may know."""
    return look_up_customer(turn.unit, turn[phone])


resent = Notice("agent.resent", say.resent)
shown = Choice(
    "agent.card",
    say.card,
    facts=card,
    options=[option(say.resend, do=do(resend_last_token, phone=phone), to=resent)],
)
which_phone = Ask("agent.look_up", say.which_phone, reads=Phone, into=phone, to=shown)

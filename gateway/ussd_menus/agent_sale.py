"""Sell an appliance on a plan to a known customer; kits and e-bikes with their serial number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from core.plan import PAYG
from core.usecases.catalogue.choices import get_appliance
from core.usecases.devices.stock import NamedDevice, check_sellable
from core.usecases.sales.sell import NewSale, sell_by_agent
from core.wording.messages import agent as agent_messages
from core.wording.messages import agent_plan as messages
from gateway.ussd_menus.agent_customer import known_customer, masked_customer, phone
from gateway.ussd_menus.agent_plan import (
    Goods,
    appliance,
    goods_of,
    plan_questions,
    terms,
)
from gateway.ussd_menus.effect import CALLER, TURN_KEY, UseCaseCall, build, do
from gateway.ussd_menus.options import option
from gateway.ussd_menus.readers import Pin, Serial
from gateway.ussd_menus.repeats import was_done_before
from gateway.ussd_menus.screens import Ask, Choice, Notice, Pick, Route
from gateway.ussd_menus.session_vars import secret, session_var
from gateway.ussd_menus.turn import Turn

serial = session_var("serial", str)
pin = secret("pin")


def goods(turn: Turn) -> Sequence[Goods]:
    """All appliances that are sold on plans or used by the day."""
    return goods_of(turn, *PAYG, "other")


def needs_serial(turn: Turn) -> Literal["serial", "plain"]:
    """Whether the appliance is sold with a serial number, as kits and e-bikes are."""
    return "serial" if get_appliance(turn.unit, turn[appliance]).kind in PAYG else "plain"


def is_sellable(turn: Turn) -> Literal["free"]:
    """Check that the device is in stock or the customer's own. Raises Refused with the reason."""
    check_sellable(turn.unit, turn[serial], get_appliance(turn.unit, turn[appliance]), turn[phone])
    return "free"


def _sell(**sale: object) -> UseCaseCall:
    """The effect that sells what is described by these fields of a `NewSale`."""
    return do(
        sell_by_agent,
        msisdn=CALLER,
        pin=pin,
        phone=phone,
        sale=build(NewSale, terms=terms, **sale),
        once=TURN_KEY,
    )


sold = Notice("sale.done", messages.sold)
pin_again = Ask(
    "sale.pin_again",
    messages.sale_pin,
    data=masked_customer,
    reader=Pin,
    stores=pin,
    do=_sell(is_second=True),
    to=sold,
)
sold_before = Choice(
    "sale.sold_before",
    messages.sold_before,
    data=masked_customer,
    options=[option(messages.one_more, to=pin_again)],
)
pin_plain = Ask(
    "sale.pin",
    messages.sale_pin,
    data=masked_customer,
    reader=Pin,
    stores=pin,
    do=_sell(),
    to=Route("sale.sold", by=was_done_before, to={True: sold_before, False: sold}),
)
pin_serial = Ask(
    "kit_sale.pin",
    agent_messages.kit_pin,
    data=masked_customer,
    reader=Pin,
    stores=pin,
    do=_sell(device=build(NamedDevice, serial=serial)),
    to=sold,
)
free = Route(
    "kit_sale.free",
    by=is_sellable,
    to={"free": plan_questions("kit_sale", pin_serial, masked_customer, with_serial=True)},
)
which_serial = Ask(
    "kit_sale.serial", agent_messages.which_serial, reader=Serial, stores=serial, to=free
)
with_serial = Route(
    "sale.with_serial",
    by=needs_serial,
    to={"serial": which_serial, "plain": plan_questions("sale", pin_plain, masked_customer)},
)
which_appliance = Pick(
    "sale.appliance",
    agent_messages.which_appliance,
    rows=goods,
    row_message=messages.appliance,
    empty_message=agent_messages.no_appliance,
    stores=appliance,
    to=with_serial,
)
which_phone = known_customer("sale", which_appliance)

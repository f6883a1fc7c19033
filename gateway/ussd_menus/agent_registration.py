"""Register a customer and a device in one act. A known number adds the device to its customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.errors import Refused
from core.names import mask_name
from core.usecases.catalogue.choices import (
    Manufacturer,
    TariffOffer,
    Village,
    find_village,
    list_manufacturers,
    list_tariffs,
    list_villages,
)
from core.usecases.customers.find import get_known
from core.usecases.devices.stock import find_in_stock
from core.usecases.registration.by_agent import register_meter, register_on_plan
from core.wording.message import Message
from core.wording.messages import agent as agent_messages
from core.wording.messages import agent_plan as plan_messages
from core.wording.messages import agent_registration as messages
from gateway.ussd_menus.agent_customer import masked, phone
from gateway.ussd_menus.agent_plan import (
    Goods,
    appliance,
    cadence,
    down,
    figure,
    goods_of,
    plan_questions,
    scheme,
)
from gateway.ussd_menus.agent_requests import (
    kind,
    manufacturer,
    name,
    serial,
    surname,
    village,
    waiting_or,
)
from gateway.ussd_menus.effect import CALLER, TURN_KEY, do
from gateway.ussd_menus.options import Option, option
from gateway.ussd_menus.readers import CatalogueCode, Phone, Pin, Serial, TextReader
from gateway.ussd_menus.screens import Ask, Choice, Notice, Pick, Route
from gateway.ussd_menus.session_vars import secret, session_var
from gateway.ussd_menus.turn import Turn

tariff = session_var("tariff", str)
pin = secret("pin")


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who gets the device: as typed, or masked for a customer who is known."""

    owner: str


def buyer(turn: Turn) -> Buyer:
    """The name above the PIN. Raises Refused("customer_unknown")."""
    if turn[name]:
        return Buyer(f"{turn[name]} {turn[surname]}")
    customer = get_known(turn.unit, turn[phone])
    return Buyer(mask_name(customer.name, customer.surname))


def is_known(turn: Turn) -> bool:
    """Whether the number is a customer's."""
    try:
        get_known(turn.unit, turn[phone])
    except Refused:
        return False
    return True


def villages(turn: Turn) -> Sequence[Village]:
    """The agent's villages; all of them where the operator named none."""
    return list_villages(turn.unit, turn.msisdn)


def has_no_village(turn: Turn) -> bool:
    """Only then a customer is registered without one."""
    return not villages(turn)


def village_exists(turn: Turn) -> Literal["known"]:
    """A code may be typed instead of picked. Raises Refused("village_unknown")."""
    if turn[village]:
        find_village(turn.unit, turn[village], turn.msisdn)
    return "known"


def manufacturers(turn: Turn) -> Sequence[Manufacturer]:
    """Who makes the kind that was chosen."""
    return list_manufacturers(turn.unit, turn[kind])


def _kind(label: Message[[]], code: str) -> Option:
    """A kind of device; hidden where nobody makes it."""
    return option(
        label,
        to=which_maker,
        when=lambda turn: bool(list_manufacturers(turn.unit, code)),
        sets={kind: code},
    )


def tariffs(turn: Turn) -> Sequence[TariffOffer]:
    """The tariffs a meter can have."""
    return list_tariffs(turn.unit)


def kits(turn: Turn) -> Sequence[Goods]:
    """The appliances of the kind that was chosen."""
    return goods_of(turn, turn[kind])


def sold_how(turn: Turn) -> Literal["tariff", "plan"]:
    """A meter gets a tariff, everything else a plan. Raises Refused for what cannot be had."""
    find_in_stock(turn.unit, turn[serial], turn[kind], turn[manufacturer])
    return "tariff" if turn[kind] == "meter" else "plan"


def is_new(turn: Turn) -> bool:
    """Whether the meter is not in the books yet, so that its number has to be looked at twice."""
    return find_in_stock(turn.unit, turn[serial], "meter", turn[manufacturer]) is None


done = Notice("registration.done", agent_messages.registered)
person = {"phone": phone, "name": name, "surname": surname, "village": village}
pin_meter = Ask(
    "registration.pin_meter",
    agent_messages.which_pin,
    reader=Pin,
    stores=pin,
    do=do(
        register_meter,
        msisdn=CALLER,
        pin=pin,
        manufacturer=manufacturer,
        serial=serial,
        tariff=tariff,
        **person,
    ),
    to=done,
)
pin_plan = Ask(
    "registration.pin_plan",
    agent_messages.kit_pin,
    data=buyer,
    reader=Pin,
    stores=pin,
    do=do(
        register_on_plan,
        msisdn=CALLER,
        pin=pin,
        kind=kind,
        manufacturer=manufacturer,
        serial=serial,
        appliance=appliance,
        scheme=scheme,
        figure=figure,
        cadence=cadence,
        down=down,
        once=TURN_KEY,
        **person,
    ),
    to=done,
)
summary_meter = Choice(
    "registration.summary",
    agent_messages.summary_meter,
    data=buyer,
    options=[option(agent_messages.agree, to=pin_meter)],
)
summary_new_meter = Choice(
    "registration.summary_new",
    messages.summary_new_meter,
    data=buyer,
    options=[option(agent_messages.agree, to=pin_meter)],
)
summary = Route(
    "registration.is_new", by=is_new, to={True: summary_new_meter, False: summary_meter}
)
which_tariff = Pick(
    "registration.tariff",
    messages.which_tariff,
    rows=tariffs,
    row_message=messages.tariff,
    empty_message=messages.no_tariff,
    stores=tariff,
    to=summary,
)
which_appliance = Pick(
    "registration.appliance",
    agent_messages.which_appliance,
    rows=kits,
    row_message=plan_messages.appliance,
    empty_message=agent_messages.no_appliance,
    stores=appliance,
    to=plan_questions("registration", pin_plan),
)
sold = Route("registration.sold", by=sold_how, to={"tariff": which_tariff, "plan": which_appliance})
which_serial = Ask(
    "registration.serial", agent_messages.which_serial, reader=Serial, stores=serial, to=sold
)
which_maker = Pick(
    "registration.manufacturer",
    messages.which_manufacturer,
    rows=manufacturers,
    row_message=agent_messages.row,
    empty_message=messages.no_manufacturer,
    stores=manufacturer,
    to=which_serial,
)
which_kind = Choice(
    "registration.kind",
    messages.which_kind,
    options=[
        _kind(messages.meter, "meter"),
        _kind(messages.shs, "shs"),
        _kind(messages.e_bike, "e_bike"),
    ],
)
with_village = Route("registration.village_exists", by=village_exists, to={"known": which_kind})
which_village = Pick(
    "registration.village",
    messages.which_village,
    rows=villages,
    row_message=messages.village,
    empty_message=messages.no_village,
    stores=village,
    typed_reader=CatalogueCode,
    to=with_village,
    extra_options=[
        option(messages.no_village_option, to=which_kind, when=has_no_village, sets={village: ""})
    ],
)
which_surname = Ask(
    "registration.surname",
    messages.which_surname,
    reader=TextReader(),
    stores=surname,
    to=which_village,
)
which_name = Ask(
    "registration.name", messages.which_name, reader=TextReader(), stores=name, to=which_surname
)
is_it = Choice(
    "registration.is_it",
    agent_messages.confirm_customer,
    data=masked,
    options=[option(agent_messages.yes, to=which_kind, sets={name: "", surname: "", village: ""})],
)
known = Route("registration.known", by=is_known, to={True: is_it, False: which_name})
which_phone = Ask(
    "registration.phone", agent_messages.which_phone, reader=Phone, stores=phone, to=known
)
entry = waiting_or(which_phone, sold)

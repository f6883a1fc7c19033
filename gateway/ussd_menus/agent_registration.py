"""Register a customer and a device together. A known number gets a further device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from core.errors import Refused
from core.usecases.catalogue.choices import (
    Manufacturer,
    TariffOffer,
    Village,
    find_village,
    list_manufacturers,
    list_tariffs,
    list_villages,
)
from core.usecases.customers.caller import get_known
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.devices.stock import NamedDevice, find_in_stock
from core.usecases.registration.ask_vendor import ask_vendor, is_vendor_to_ask
from core.usecases.registration.by_agent import NewMeter, register_meter, register_on_plan
from core.usecases.sales.sell import NewSale
from core.wording.message import Message
from core.wording.messages import agent as agent_messages
from core.wording.messages import agent_plan as plan_messages
from core.wording.messages import agent_registration as messages
from gateway.ussd_menus.agent_customer import Owner, masked_customer, phone
from gateway.ussd_menus.agent_plan import (
    Goods,
    appliance,
    goods_of,
    plan_questions,
    terms,
)
from gateway.ussd_menus.agent_requests import (
    is_waiting_for_vendor,
    kind,
    manufacturer,
    name,
    requests_or,
    serial,
    surname,
    village,
)
from gateway.ussd_menus.effect import CALLER, TURN_KEY, build, do
from gateway.ussd_menus.options import Option, option
from gateway.ussd_menus.readers import CatalogueCode, Phone, Pin, Serial, TextReader
from gateway.ussd_menus.screens import Ask, Choice, Notice, Pick, Route
from gateway.ussd_menus.session_vars import secret, session_var
from gateway.ussd_menus.turn import Turn

tariff = session_var("tariff", str)
pin = secret("pin")


def new_owner(turn: Turn) -> Owner:
    """The customer who gets the device: as typed, or masked for a known customer. Raises
    Refused("customer_unknown")."""
    return Owner(f"{turn[name]} {turn[surname]}") if turn[name] else masked_customer(turn)


def is_known(turn: Turn) -> bool:
    """Whether the number is a customer's."""
    try:
        get_known(turn.unit, turn[phone])
    except Refused:
        return False
    return True


def villages(turn: Turn) -> Sequence[Village]:
    """The agent's villages, or all villages where the operator gave the agent none."""
    return list_villages(turn.unit, turn.msisdn)


def has_no_village(turn: Turn) -> bool:
    """Whether there is no village, so that a customer is registered without one."""
    return not villages(turn)


def village_exists(turn: Turn) -> Literal["known"]:
    """Check a village code, which may be typed. Raises Refused("village_unknown")."""
    if turn[village]:
        find_village(turn.unit, turn[village], turn.msisdn)
    return "known"


def manufacturers(turn: Turn) -> Sequence[Manufacturer]:
    """The manufacturers of the kind that was chosen."""
    return list_manufacturers(turn.unit, turn[kind])


def _kind_option(label: Message[[]], code: str) -> Option:
    """The option for a kind of device; hidden where it has no manufacturer."""
    return option(
        label,
        to=which_manufacturer,
        when=lambda turn: bool(list_manufacturers(turn.unit, code)),
        sets={kind: code},
    )


def tariffs(turn: Turn) -> Sequence[TariffOffer]:
    """The tariffs that a meter can have."""
    return list_tariffs(turn.unit)


def kits(turn: Turn) -> Sequence[Goods]:
    """The appliances of the kind that was chosen, or the one that the device is."""
    return goods_of(turn, turn[kind], serial=turn[serial])


def _named(turn: Turn) -> NamedDevice:
    return NamedDevice(turn[serial], turn[kind], turn[manufacturer])


def is_to_ask(turn: Turn) -> bool:
    """Whether the manufacturer is to be asked first whether it has the device. Raises Refused where
    the device is not in stock and cannot be asked about, or is of another kind."""
    find_in_stock(turn.unit, _named(turn))
    return is_vendor_to_ask(turn.unit, _named(turn))


def needed_terms(turn: Turn) -> Literal["tariff", "plan"]:
    """A meter needs a tariff, any other device a plan."""
    return "tariff" if turn[kind] == "meter" else "plan"


def is_new(turn: Turn) -> bool:
    """Whether the meter is not known yet, so that the agent must check its number."""
    return find_in_stock(turn.unit, NamedDevice(turn[serial], "meter", turn[manufacturer])) is None


registered = Notice("registration.done", agent_messages.registered)
waits = Notice("registration.waiting", agent_messages.waiting)
done = Route("registration.ended", by=is_waiting_for_vendor, to={True: waits, False: registered})
customer = build(NewCustomer, msisdn=phone, name=name, surname=surname, village=village)
device = build(NamedDevice, serial=serial, kind=kind, manufacturer=manufacturer)
pin_meter = Ask(
    "registration.pin_meter",
    agent_messages.which_pin,
    reader=Pin,
    stores=pin,
    do=do(
        register_meter,
        msisdn=CALLER,
        pin=pin,
        customer=customer,
        meter=build(NewMeter, device=device, tariff=tariff),
    ),
    to=done,
)
pin_plan = Ask(
    "registration.pin_plan",
    agent_messages.kit_pin,
    data=new_owner,
    reader=Pin,
    stores=pin,
    do=do(
        register_on_plan,
        msisdn=CALLER,
        pin=pin,
        customer=customer,
        sale=build(NewSale, terms=terms, device=device),
        once=TURN_KEY,
    ),
    to=done,
)
summary_meter = Choice(
    "registration.summary",
    agent_messages.summary_meter,
    data=new_owner,
    options=[option(agent_messages.agree, to=pin_meter)],
)
summary_new_meter = Choice(
    "registration.summary_new",
    messages.summary_new_meter,
    data=new_owner,
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
    to=plan_questions("registration", pin_plan, new_owner, with_serial=True),
)
terms_of_device = Route(
    "registration.terms", by=needed_terms, to={"tariff": which_tariff, "plan": which_appliance}
)
ask_manufacturer = Choice(
    "registration.ask_vendor",
    messages.ask_vendor,
    options=[
        option(
            messages.ask_and_go_on,
            do=do(ask_vendor, msisdn=CALLER, device=device),
            to=terms_of_device,
        )
    ],
)
tariff_or_plan = Route(
    "registration.to_ask", by=is_to_ask, to={True: ask_manufacturer, False: terms_of_device}
)
which_serial = Ask(
    "registration.serial",
    agent_messages.which_serial,
    reader=Serial,
    stores=serial,
    to=tariff_or_plan,
)
which_manufacturer = Pick(
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
        _kind_option(messages.meter, "meter"),
        _kind_option(messages.shs, "shs"),
        _kind_option(messages.e_bike, "e_bike"),
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
confirm_customer = Choice(
    "registration.confirm_customer",
    agent_messages.confirm_customer,
    data=masked_customer,
    options=[option(agent_messages.yes, to=which_kind, sets={name: "", surname: "", village: ""})],
)
known = Route("registration.known", by=is_known, to={True: confirm_customer, False: which_name})
which_phone = Ask(
    "registration.phone", agent_messages.which_phone, reader=Phone, stores=phone, to=known
)
entry = requests_or(which_phone, tariff_or_plan)

"""A caller registers a device in stock, or asks for one whose tariff or plan is not set yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from core.plan_quote import PlanQuote, ServiceQuote
from core.usecases.catalogue.choices import TariffOffer, Village, list_villages
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.registration.self_service import (
    RegistrableDevice,
    find_registrable,
    register_own_device,
    request_device,
)
from core.wording.messages import self_registration as messages
from gateway.ussd_menus.caller import load_caller
from gateway.ussd_menus.effect import CALLER, TURN_KEY, build, do
from gateway.ussd_menus.options import option
from gateway.ussd_menus.readers import Serial, TextReader
from gateway.ussd_menus.screens import Ask, Choice, Notice, Pick, Route
from gateway.ussd_menus.session_vars import session_var
from gateway.ussd_menus.turn import Turn, expect

serial = session_var("serial", str)
name = session_var("name", str)
surname = session_var("surname", str)
village = session_var("village", str)

# Set for a known customer, who is not asked for these.
KNOWN_CUSTOMER = {name: "", surname: "", village: ""}


def _device(turn: Turn) -> RegistrableDevice:
    return find_registrable(turn.unit, turn.msisdn, turn[serial])


def caller_kind(turn: Turn) -> Literal["customer", "stranger"]:
    """Whether the caller is known. Raises Refused first where the device cannot be registered, so
    that a stranger does not type a name in vain."""
    _device(turn)
    return "customer" if turn.cached(load_caller).role == "customer" else "stranger"


def device_offer(turn: Turn) -> Literal["tariff", "plan", "service", "waits"]:
    """What the operator has set for the device; `waits` where nothing is set yet."""
    return _device(turn).offer


def tariff_of(turn: Turn) -> TariffOffer:
    """The tariff of the device. Raises Refused("device_waits") where it has none any more."""
    return expect(TariffOffer, _device(turn).tariff, "device_waits", serial=turn[serial])


def plan_of(turn: Turn) -> PlanQuote:
    """The plan of the device. Raises Refused("device_waits") where it has none any more."""
    return expect(PlanQuote, _device(turn).quote, "device_waits", serial=turn[serial])


def service_of(turn: Turn) -> ServiceQuote:
    """The use by the day of the device. Raises Refused("device_waits") where it has none."""
    return expect(ServiceQuote, _device(turn).quote, "device_waits", serial=turn[serial])


def villages(turn: Turn) -> Sequence[Village]:
    """All villages by name."""
    return list_villages(turn.unit)


def has_no_village(turn: Turn) -> bool:
    """Whether there is no village, so that the question has nothing to offer."""
    return not villages(turn)


registered = Notice("self_registration.done", messages.registered)
requested = Notice("self_registration.requested", messages.requested)
customer = build(NewCustomer, msisdn=CALLER, name=name, surname=surname, village=village)
register = do(register_own_device, customer=customer, serial=serial, once=TURN_KEY)
with_tariff = Choice(
    "self_registration.tariff",
    messages.with_tariff,
    data=tariff_of,
    options=[option(messages.agree, do=register, to=registered)],
)
with_plan = Choice(
    "self_registration.plan",
    messages.with_plan,
    data=plan_of,
    paged=True,
    options=[option(messages.agree, do=register, to=registered)],
)
with_service = Choice(
    "self_registration.service",
    messages.with_service,
    data=service_of,
    paged=True,
    options=[option(messages.agree, do=register, to=registered)],
)
ask_agent = Choice(
    "self_registration.waits",
    messages.agent_needed,
    options=[
        option(
            messages.ask_agent,
            do=do(request_device, customer=customer, serial=serial),
            to=requested,
        )
    ],
)
terms = Route(
    "self_registration.terms",
    by=device_offer,
    to={"tariff": with_tariff, "plan": with_plan, "service": with_service, "waits": ask_agent},
)
which_village = Pick(
    "self_registration.village",
    messages.which_village,
    rows=villages,
    row_message=messages.village,
    empty_message=messages.no_village,
    stores=village,
    to=terms,
    extra_options=[option(messages.without_village, to=terms, when=has_no_village)],
)
which_surname = Ask(
    "self_registration.surname",
    messages.which_surname,
    reader=TextReader(),
    stores=surname,
    to=which_village,
)
which_name = Ask(
    "self_registration.name",
    messages.which_name,
    reader=TextReader(),
    stores=name,
    to=which_surname,
)
caller_route = Route(
    "self_registration.caller", by=caller_kind, to={"customer": terms, "stranger": which_name}
)
which_serial = Ask(
    "self_registration.serial", messages.which_serial, reader=Serial, stores=serial, to=caller_route
)

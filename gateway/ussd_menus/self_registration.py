"""A caller registers a device in stock, or asks for one whose tariff or plan is not set yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from core.errors import Refused
from core.usecases.catalogue.choices import TariffOffer, Village, list_villages
from core.usecases.registration.self_service import (
    RegistrableDevice,
    find_registrable,
    register_own_device,
    request_device,
)
from core.usecases.sales.allowed_plans import AllowedPlan, AllowedService
from core.wording.messages import self_registration as messages
from gateway.ussd_menus.caller import load_caller
from gateway.ussd_menus.effect import CALLER, TURN_KEY, do
from gateway.ussd_menus.options import option
from gateway.ussd_menus.readers import Serial, TextReader
from gateway.ussd_menus.screens import Ask, Choice, Notice, Pick, Route
from gateway.ussd_menus.session_vars import session_var
from gateway.ussd_menus.turn import Turn

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


def device_terms(turn: Turn) -> Literal["tariff", "plan", "service", "waits"]:
    """What the operator has set for the device; `waits` where nothing is set yet."""
    return _device(turn).terms


def tariff_of(turn: Turn) -> TariffOffer:
    """The tariff of the device. Raises Refused("device_waits") where it has none any more."""
    tariff = _device(turn).tariff
    if tariff is None:
        raise Refused("device_waits", serial=turn[serial])
    return tariff


def plan_of(turn: Turn) -> AllowedPlan:
    """The plan of the device. Raises Refused("device_waits") where it has none any more."""
    plan = _device(turn).plan
    if not isinstance(plan, AllowedPlan):
        raise Refused("device_waits", serial=turn[serial])
    return plan


def service_of(turn: Turn) -> AllowedService:
    """The use by the day of the device. Raises Refused("device_waits") where it has none any
    more."""
    plan = _device(turn).plan
    if not isinstance(plan, AllowedService):
        raise Refused("device_waits", serial=turn[serial])
    return plan


def villages(turn: Turn) -> Sequence[Village]:
    """All villages by name."""
    return list_villages(turn.unit)


def has_no_village(turn: Turn) -> bool:
    """Whether there is no village, so that the question has nothing to offer."""
    return not villages(turn)


registered = Notice("self_registration.done", messages.registered)
requested = Notice("self_registration.requested", messages.requested)
person = {"name": name, "surname": surname, "village": village}
register = do(register_own_device, msisdn=CALLER, serial=serial, once=TURN_KEY, **person)
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
    options=[option(messages.agree, do=register, to=registered)],
)
ask_agent = Choice(
    "self_registration.waits",
    messages.agent_needed,
    options=[
        option(
            messages.ask_agent,
            do=do(request_device, msisdn=CALLER, serial=serial, **person),
            to=requested,
        )
    ],
)
terms = Route(
    "self_registration.terms",
    by=device_terms,
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

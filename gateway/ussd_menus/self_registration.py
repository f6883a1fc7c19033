"""Register a device in stock oneself, or ask for one whose tariff or plan is not set yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from core.errors import Refused
from core.usecases.catalogue.choices import TariffOffer, Village, list_villages
from core.usecases.registration.self_service import (
    Claimable,
    claim_device,
    find_claimable,
    request_device,
)
from core.usecases.sales.allowed_plans import AllowedPlan, AllowedService
from core.wording.messages import self_registration as messages
from gateway.ussd_menus.caller import the_caller
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

# What a customer who is known is not asked.
NOBODY_NEW = {name: "", surname: "", village: ""}


def _found(turn: Turn) -> Claimable:
    return find_claimable(turn.unit, turn.msisdn, turn[serial])


def who_asks(turn: Turn) -> Literal["customer", "stranger"]:
    """Strangers say who they are; the device is looked at before they take the trouble."""
    _found(turn)
    return "customer" if turn.cached(the_caller).role == "customer" else "stranger"


def on_which_terms(turn: Turn) -> Literal["tariff", "plan", "service", "waits"]:
    """What is set decides how the device can be had."""
    return _found(turn).terms


def tariff_of(turn: Turn) -> TariffOffer:
    """The tariff that is set. Raises Refused when it was taken away just now."""
    ready = _found(turn).tariff
    if ready is None:
        raise Refused("device_waits", serial=turn[serial])
    return ready


def plan_of(turn: Turn) -> AllowedPlan:
    """The plan that is set. Raises Refused when it was taken away just now."""
    ready = _found(turn).plan
    if not isinstance(ready, AllowedPlan):
        raise Refused("device_waits", serial=turn[serial])
    return ready


def service_of(turn: Turn) -> AllowedService:
    """The use by the day that is set. Raises Refused when it was taken away just now."""
    ready = _found(turn).plan
    if not isinstance(ready, AllowedService):
        raise Refused("device_waits", serial=turn[serial])
    return ready


def villages(turn: Turn) -> Sequence[Village]:
    """All villages by name."""
    return list_villages(turn.unit)


def has_no_village(turn: Turn) -> bool:
    """Where the operator has named none, nobody is asked."""
    return not villages(turn)


registered = Notice("self_registration.done", messages.registered)
requested = Notice("self_registration.requested", messages.requested)
person = {"name": name, "surname": surname, "village": village}
claims = do(claim_device, msisdn=CALLER, serial=serial, once=TURN_KEY, **person)
with_tariff = Choice(
    "self_registration.tariff",
    messages.with_tariff,
    data=tariff_of,
    options=[option(messages.agree, do=claims, to=registered)],
)
with_plan = Choice(
    "self_registration.plan",
    messages.with_plan,
    data=plan_of,
    paged=True,
    options=[option(messages.agree, do=claims, to=registered)],
)
with_service = Choice(
    "self_registration.service",
    messages.with_service,
    data=service_of,
    options=[option(messages.agree, do=claims, to=registered)],
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
    by=on_which_terms,
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
asked_by = Route(
    "self_registration.who", by=who_asks, to={"customer": terms, "stranger": which_name}
)
which_serial = Ask(
    "self_registration.serial", messages.which_serial, reader=Serial, stores=serial, to=asked_by
)

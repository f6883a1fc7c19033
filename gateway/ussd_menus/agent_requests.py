"""What waits for an agent before somebody new: people who asked for a device, and own REG texts.

A person's request is completed with its terms or refused; a text is confirmed with the PIN or
dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeVar

from core.errors import Refused
from core.usecases.registration.by_sms import (
    Pending,
    PendingMeter,
    PendingPlan,
    PendingService,
    confirm_registration,
    drop_registration_request,
    get_registration_request,
    list_registration_requests,
)
from core.usecases.registration.device_requests import (
    DeviceRequest,
    get_device_request,
    list_device_requests,
    refuse_device_request,
)
from core.wording.messages import agent as agent_messages
from core.wording.messages import agent_requests as messages
from gateway.ussd_menus.agent_customer import phone
from gateway.ussd_menus.effect import CALLER, TURN_KEY, do
from gateway.ussd_menus.options import option
from gateway.ussd_menus.readers import Pin
from gateway.ussd_menus.screen import Screen, Target
from gateway.ussd_menus.screens import Ask, Choice, Notice, Pick, Route
from gateway.ussd_menus.session_vars import secret, session_var
from gateway.ussd_menus.turn import Turn

T = TypeVar("T")

request = session_var("request", int)
name = session_var("name", str)
surname = session_var("surname", str)
village = session_var("village", str)
kind = session_var("kind", str)
manufacturer = session_var("manufacturer", str)
serial = session_var("serial", str)
pin = secret("pin")


def waiting(turn: Turn) -> Sequence[DeviceRequest]:
    """Who waits for this agent."""
    return list_device_requests(turn.unit, turn.msisdn)


def texts(turn: Turn) -> Sequence[Pending]:
    """What the agent asked for by text."""
    return list_registration_requests(turn.unit, turn.msisdn)


def somebody_waits(turn: Turn) -> bool:
    """Whether anybody asked for a device."""
    return bool(waiting(turn))


def has_texts(turn: Turn) -> bool:
    """Whether a text of the agent's waits for the PIN."""
    return bool(texts(turn))


def something_waits(turn: Turn) -> bool:
    """Whether there is anything to choose before somebody new."""
    return somebody_waits(turn) or has_texts(turn)


def requested(turn: Turn) -> DeviceRequest:
    """The request that was picked."""
    return get_device_request(turn.unit, turn.msisdn, turn[request])


def asked_for(turn: Turn) -> Literal["meter", "plan", "service", "stale"]:
    """What the text that was picked is about; `stale` when it cannot be done any more."""
    try:
        found = get_registration_request(turn.unit, turn.msisdn, turn[serial])
    except Refused:
        return "stale"
    if isinstance(found, PendingMeter):
        return "meter"
    return "plan" if isinstance(found, PendingPlan) else "service"


def pending(turn: Turn) -> Pending:
    """The text that was picked. Raises Refused("no_such_request")."""
    for one in texts(turn):
        if one.serial == turn[serial]:
            return one
    raise Refused("no_such_request")


def pending_meter(turn: Turn) -> PendingMeter:
    """The meter in it."""
    found = get_registration_request(turn.unit, turn.msisdn, turn[serial])
    return _still(PendingMeter, found)


def pending_plan(turn: Turn) -> PendingPlan:
    """The kit in it, with its plan."""
    found = get_registration_request(turn.unit, turn.msisdn, turn[serial])
    return _still(PendingPlan, found)


def pending_service(turn: Turn) -> PendingService:
    """The kit in it that is used by the day."""
    found = get_registration_request(turn.unit, turn.msisdn, turn[serial])
    return _still(PendingService, found)


def _still(wanted: type[T], found: object) -> T:
    """Another text for the same device may have come meanwhile."""
    if not isinstance(found, wanted):
        raise Refused("no_such_request")
    return found


dropped = Notice("registration.dropped", messages.dropped)
drop = option(
    messages.drop, do=do(drop_registration_request, msisdn=CALLER, serial=serial), to=dropped
)
text_done = Notice("registration.text_done", agent_messages.registered)
pin_text = Ask(
    "registration.pin_text",
    agent_messages.kit_pin,
    data=pending,
    reader=Pin,
    stores=pin,
    do=do(confirm_registration, msisdn=CALLER, pin=pin, serial=serial, once=TURN_KEY),
    to=text_done,
)
confirm_or_drop = [option(agent_messages.agree, to=pin_text), drop]
which_text = Pick(
    "registration.texts",
    messages.which_sms_request,
    rows=texts,
    row_message=messages.request,
    empty_message=messages.no_sms_request,
    stores=serial,
    to=Route(
        "registration.text",
        by=asked_for,
        to={
            "meter": Choice(
                "registration.text_meter",
                agent_messages.summary_meter,
                data=pending_meter,
                options=confirm_or_drop,
            ),
            "plan": Choice(
                "registration.text_plan",
                messages.summary_plan,
                data=pending_plan,
                paged=True,
                options=confirm_or_drop,
            ),
            "service": Choice(
                "registration.text_service",
                messages.summary_service,
                data=pending_service,
                paged=True,
                options=confirm_or_drop,
            ),
            "stale": Choice(
                "registration.text_stale", messages.stale, data=pending, options=[drop]
            ),
        },
    ),
)
not_granted = Notice("registration.not_granted", messages.refused)


def waiting_or(new: Target, complete: Target) -> Screen:
    """Ask what to serve where something waits; a new registration is `new`.

    `complete` gets everything about customer and device carried, and asks for the terms.
    """
    refuse = do(refuse_device_request, msisdn=CALLER, request=request)
    shown = Choice(
        "registration.requested",
        messages.request_details,
        data=requested,
        remembers=[phone, name, surname, village, kind, manufacturer, serial],
        options=[
            option(agent_messages.yes, to=complete),
            option(messages.refuse, do=refuse, to=not_granted),
        ],
    )
    which = Pick(
        "registration.waiting",
        messages.which_request,
        rows=waiting,
        row_message=messages.request,
        empty_message=messages.no_request,
        stores=request,
        to=shown,
    )
    which_way = Choice(
        "registration.start",
        messages.which_entry,
        options=[
            option(messages.new_customer, to=new),
            option(messages.customer_requests, to=which, when=somebody_waits),
            option(messages.sms_requests, to=which_text, when=has_texts),
        ],
    )
    return Route("registration.entry", by=something_waits, to={True: which_way, False: new})

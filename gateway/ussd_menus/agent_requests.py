"""Requests that wait for an agent: customers who asked for a device, and the agent's REG texts.

The agent completes or refuses a customer's request, and confirms a text with the PIN or drops it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeVar

from core.errors import Refused
from core.plan_quote import PlanQuote, ServiceQuote
from core.usecases.catalogue.choices import TariffOffer
from core.usecases.registration.by_sms import (
    PendingRequest,
    confirm_registration,
    drop_registration_request,
    get_registration_request,
    list_registration_requests,
)
from core.usecases.registration.device_requests import (
    DeviceRequest,
    decline_device_request,
    get_device_request,
    list_device_requests,
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
from gateway.ussd_menus.turn import Turn, expect

T = TypeVar("T")

request = session_var("request", int)
name = session_var("name", str)
surname = session_var("surname", str)
village = session_var("village", str)
kind = session_var("kind", str)
manufacturer = session_var("manufacturer", str)
serial = session_var("serial", str)
request_id = session_var("request_id", int)
is_waiting = session_var("is_waiting", bool)
pin = secret("pin")


def device_requests(turn: Turn) -> Sequence[DeviceRequest]:
    """The requests for devices that wait for this agent."""
    return list_device_requests(turn.unit, turn.msisdn)


def sms_requests(turn: Turn) -> Sequence[PendingRequest]:
    """The registrations that the agent asked for by SMS."""
    return list_registration_requests(turn.unit, turn.msisdn)


def has_device_requests(turn: Turn) -> bool:
    """Whether a request for a device waits."""
    return bool(device_requests(turn))


def has_sms_requests(turn: Turn) -> bool:
    """Whether a registration by SMS waits for the agent's PIN."""
    return bool(sms_requests(turn))


def is_waiting_for_vendor(turn: Turn) -> bool:
    """Whether the last effect registered nothing yet, because the vendor has not answered."""
    return turn[is_waiting]


def has_requests(turn: Turn) -> bool:
    """Whether any request waits."""
    return has_device_requests(turn) or has_sms_requests(turn)


def requested(turn: Turn) -> DeviceRequest:
    """The picked request."""
    return get_device_request(turn.unit, turn.msisdn, turn[request])


def sms_request_kind(turn: Turn) -> Literal["meter", "plan", "service", "stale"]:
    """What the picked SMS registers; `stale` where it has become impossible."""
    try:
        _, offer = get_registration_request(turn.unit, turn.msisdn, turn[request_id])
    except Refused:
        return "stale"
    if isinstance(offer, TariffOffer):
        return "meter"
    return "plan" if isinstance(offer, PlanQuote) else "service"


def pending(turn: Turn) -> PendingRequest:
    """The picked registration by SMS. Raises Refused("no_such_request")."""
    for sms_request in sms_requests(turn):
        if sms_request.request_id == turn[request_id]:
            return sms_request
    raise Refused("no_such_request")


def pending_meter(turn: Turn) -> tuple[PendingRequest, TariffOffer]:
    """The meter of the picked SMS, and its tariff. Raises Refused("no_such_request")."""
    return _pending(turn, TariffOffer)


def pending_plan(turn: Turn) -> tuple[PendingRequest, PlanQuote]:
    """The device of the picked SMS, and its plan. Raises Refused("no_such_request")."""
    return _pending(turn, PlanQuote)


def pending_service(turn: Turn) -> tuple[PendingRequest, ServiceQuote]:
    """The device of the picked SMS, and what a day costs. Raises Refused("no_such_request")."""
    return _pending(turn, ServiceQuote)


def _pending(turn: Turn, kind: type[T]) -> tuple[PendingRequest, T]:
    """Raises Refused("no_such_request") where another SMS for the same device has replaced it."""
    request, offer = get_registration_request(turn.unit, turn.msisdn, turn[request_id])
    return request, expect(kind, offer, "no_such_request")


dropped = Notice("registration.dropped", messages.dropped)
drop = option(
    messages.drop,
    do=do(drop_registration_request, msisdn=CALLER, request_id=request_id),
    to=dropped,
)
text_done = Route(
    "registration.sms_ended",
    by=is_waiting_for_vendor,
    to={
        True: Notice("registration.sms_waiting", agent_messages.waiting),
        False: Notice("registration.sms_done", agent_messages.registered),
    },
)
pin_text = Ask(
    "registration.pin_sms",
    agent_messages.kit_pin,
    data=pending,
    reader=Pin,
    stores=pin,
    do=do(confirm_registration, msisdn=CALLER, pin=pin, request_id=request_id, once=TURN_KEY),
    to=text_done,
)
confirm_or_drop = [option(agent_messages.agree, to=pin_text), drop]
which_sms_request = Pick(
    "registration.sms_requests",
    messages.which_sms_request,
    rows=sms_requests,
    row_message=messages.request,
    empty_message=messages.no_sms_request,
    stores=request_id,
    to=Route(
        "registration.sms_request",
        by=sms_request_kind,
        to={
            "meter": Choice(
                "registration.sms_meter",
                agent_messages.summary_meter,
                data=pending_meter,
                options=confirm_or_drop,
            ),
            "plan": Choice(
                "registration.sms_plan",
                messages.summary_plan,
                data=pending_plan,
                paged=True,
                options=confirm_or_drop,
            ),
            "service": Choice(
                "registration.sms_service",
                messages.summary_service,
                data=pending_service,
                paged=True,
                options=confirm_or_drop,
            ),
            "stale": Choice("registration.sms_stale", messages.stale, data=pending, options=[drop]),
        },
    ),
)
request_refused = Notice("registration.refused", messages.refused)


def requests_or(new: Target, complete: Target) -> Screen:
    """The choice between waiting requests and a new registration, or `new` where none waits.

    `complete` asks for the terms of a picked request; its customer and device are set by then.
    """
    decline = do(decline_device_request, msisdn=CALLER, request=request)
    details = Choice(
        "registration.request",
        messages.request_details,
        data=requested,
        remembers=[phone, name, surname, village, kind, manufacturer, serial],
        options=[
            option(agent_messages.yes, to=complete),
            option(messages.refuse, do=decline, to=request_refused),
        ],
    )
    which_request = Pick(
        "registration.requests",
        messages.which_request,
        rows=device_requests,
        row_message=messages.request,
        empty_message=messages.no_request,
        stores=request,
        to=details,
    )
    which_entry = Choice(
        "registration.start",
        messages.which_entry,
        options=[
            option(messages.new_customer, to=new),
            option(messages.customer_requests, to=which_request, when=has_device_requests),
            option(messages.sms_requests, to=which_sms_request, when=has_sms_requests),
        ],
    )
    return Route("registration.entry", by=has_requests, to={True: which_entry, False: new})

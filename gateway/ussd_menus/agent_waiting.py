"""Requests of people who want a device in stock: an agent picks one and completes it."""

from __future__ import annotations

from collections.abc import Sequence

from core.usecases.list_device_requests import (
    DeviceRequest,
    get_device_request,
    list_device_requests,
)
from core.wording.messages import agent as say
from gateway.ussd_menus.agent_customer import phone
from gateway.ussd_menus.carried import carried
from gateway.ussd_menus.options import Target, option
from gateway.ussd_menus.screens import Choice, Pick, Route, Screen
from gateway.ussd_menus.turn import Turn

request = carried("request", int)
name = carried("name", str)
surname = carried("surname", str)
village = carried("village", str)
kind = carried("kind", str)
maker = carried("maker", str)
serial = carried("serial", str)


def waiting(turn: Turn) -> Sequence[DeviceRequest]:
    """Who waits for this agent."""
    return list_device_requests(turn.unit, turn.msisdn)


def somebody_waits(turn: Turn) -> bool:
    """Whether anybody does."""
    return bool(waiting(turn))


def requested(turn: Turn) -> DeviceRequest:
    """The request that was picked."""
    return get_device_request(turn.unit, turn.msisdn, turn[request])


def waiting_or(new: Target, complete: Target) -> Screen:
    """Ask whether to serve a request where there are some; a new registration is `new`.

    `complete` gets everything about customer and device carried, and asks for the terms.
    """
    shown = Choice(
        "register.requested",
        say.requested,
        facts=requested,
        keeps=[phone, name, surname, village, kind, maker, serial],
        options=[option(say.yes, to=complete)],
    )
    which = Pick(
        "register.waiting",
        say.which_request,
        rows=waiting,
        shows=say.request,
        empty=say.no_request,
        into=request,
        to=shown,
    )
    which_way = Choice(
        "register.start",
        say.who_is_next,
        options=[option(say.somebody_new, to=new), option(say.waiting, to=which)],
    )
    return Route("register.entry", by=somebody_waits, to={True: which_way, False: new})

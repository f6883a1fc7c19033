"""An agent asks by text for a registration, and confirms it from the menu with the PIN.

A PIN never travels by SMS (domain 6), so the text only stores what is wanted, after checking it as
far as it can be; nothing is registered before `confirm_registration`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from core.db.agents import Agent, find_agent
from core.db.customers import find_customer
from core.db.registration import KnownDevice, devices_by_serial
from core.db.registration_requests import (
    StoredRequest,
    code_like,
    delete_request,
    requests_of,
    store_request,
)
from core.db.rows.goods import appliances, tariffs
from core.db.rows.people import villages
from core.errors import Refused
from core.money import Money, parse_minor
from core.names import mask_name
from core.serial_number import normalise_serial
from core.unit import Unit
from core.usecases.offer import PlanOffer, kind_of, offer_plan
from core.usecases.register_with_device import (
    RegisteredDevice,
    register_meter,
    register_on_plan,
)

# How long a request waits for its PIN.
KEPT = timedelta(days=7)
_CADENCES = {"D": "daily", "W": "weekly", "M": "monthly"}
# `lamp3/12W`: 12 weekly instalments; `lamp3/@650W/500`: 650 a week after 500 down.
_PLAN = re.compile(r"([^/]+)/(@?)([0-9]{1,9})([DWM])(?:/([0-9]{1,9}))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RegistrationRequest:
    """As read from a text. `terms`: a tariff's code, or an appliance's with its plan.

    `name` may be empty for a number that is a customer's already.
    """

    serial: str
    phone: str
    village: str
    terms: str
    name: str
    surname: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that waits for the PIN. `owner`: the name, masked for a customer who is known."""

    serial: str
    phone: str
    owner: str
    tariff: str | None
    appliance: str | None
    plan: PlanOffer | None
    cadence: str | None


def store_registration_request(
    unit: Unit, agent_msisdn: str, fields: RegistrationRequest
) -> Waiting:
    """Check and store it. Raises Refused not_an_agent, not_in_stock, device_taken, village_unknown,
    tariff_unknown, name_missing, plan_unreadable, and those of `offer_plan`."""
    agent = _agent(unit, agent_msisdn)
    device = _in_stock(unit, fields.serial)
    village = _code(unit, "village_unknown", villages, fields.village) if fields.village else ""
    row = {
        "agent_id": agent.id,
        "serial": device.serial,
        "phone": fields.phone,
        "village": village,
        "name": fields.name[:30],
        "surname": fields.surname[:30],
        **_terms(unit, device, fields.terms),
        "asked_at": unit.now,
    }
    if not fields.name and find_customer(unit.connection, fields.phone) is None:
        raise Refused("name_missing")
    store_request(unit.connection, row)
    return list_registration_requests(unit, agent_msisdn)[0]


def list_registration_requests(unit: Unit, agent_msisdn: str) -> list[Waiting]:
    """What the agent asked for and has not confirmed, the newest first."""
    agent = _agent(unit, agent_msisdn)
    return [_waiting(unit, one) for one in requests_of(unit.connection, agent.id, unit.now - KEPT)]


def confirm_registration(
    unit: Unit, msisdn: str, pin: str, serial: str, once: str
) -> RegisteredDevice | Refused:
    """Register what the agent asked for. `once` names the USSD turn. Answers Refused for a wrong
    PIN; raises Refused("no_such_request"), and like `register_meter` and `register_on_plan`."""
    agent = _agent(unit, msisdn)
    request = _stored(unit, agent, serial)
    device = _in_stock(unit, request.serial)
    known = find_customer(unit.connection, request.phone) is not None
    name, surname = ("", "") if known else (request.name, request.surname)
    person: dict[str, Any] = {
        "phone": request.phone,
        "name": name,
        "surname": surname,
        "village": request.village,
        "maker": device.manufacturer,
        "serial": device.serial,
    }
    done = (
        register_meter(unit, msisdn, pin, tariff=request.tariff, **person)
        if request.tariff is not None
        else register_on_plan(
            unit, msisdn, pin, kind=device.kind, once=once, **person, **_stored_plan(unit, request)
        )
    )
    if isinstance(done, RegisteredDevice):
        delete_request(unit.connection, agent.id, serial)
    return done


def drop_registration_request(unit: Unit, msisdn: str, serial: str) -> None:
    """The agent does not want it any more."""
    delete_request(unit.connection, _agent(unit, msisdn).id, serial)


def _agent(unit: Unit, msisdn: str) -> Agent:
    agent = find_agent(unit.connection, msisdn)
    if agent is None:
        raise Refused("not_an_agent")
    return agent


def _stored(unit: Unit, agent: Agent, serial: str) -> StoredRequest:
    for one in requests_of(unit.connection, agent.id, unit.now - KEPT):
        if one.serial == serial:
            return one
    raise Refused("no_such_request")


def _in_stock(unit: Unit, typed: str) -> KnownDevice:
    serial = normalise_serial(typed)
    device = devices_by_serial(unit.connection, [serial]).get(serial)
    if device is None:
        raise Refused("not_in_stock", serial=serial[:20])
    if device.owner_id is not None:
        raise Refused("device_taken", serial=serial)
    return device


def _code(unit: Unit, refusal: str, table: Any, typed: str) -> str:
    code = code_like(unit.connection, table, typed)
    if code is None:
        raise Refused(refusal, typed=typed)
    return code


def _terms(unit: Unit, device: KnownDevice, typed: str) -> dict[str, Any]:
    """The columns of a tariff or of a plan; a plan is made once, so that its refusals come now."""
    if device.kind == "meter":
        return _columns(tariff=_code(unit, "tariff_unknown", tariffs, typed))
    read = _PLAN.fullmatch(typed)
    if read is None:
        raise Refused("plan_unreadable")
    appliance = code_like(unit.connection, appliances, read[1])
    if appliance is None:
        raise Refused("appliance_unknown")
    if kind_of(unit, appliance) != device.kind:
        raise Refused("kind_differs", serial=device.serial)
    by_amount, currency = bool(read[2]), unit.market.currency
    columns = _columns(
        appliance=appliance,
        scheme="amount" if by_amount else "count",
        count=None if by_amount else int(read[3]),
        instalment_minor=parse_minor(read[3], currency) if by_amount else None,
        cadence=_CADENCES[read[4].upper()],
        down_payment_minor=parse_minor(read[5] or "0", currency),
    )
    offer_plan(unit, **_plan(currency, **columns))
    return columns


def _columns(**given: Any) -> dict[str, Any]:
    names = ("tariff", "appliance", "scheme", "count", "instalment_minor", "cadence")
    return dict.fromkeys(names) | {"down_payment_minor": 0} | given


def _plan(
    currency: str,
    *,
    appliance: str,
    scheme: str,
    count: int | None,
    instalment_minor: int | None,
    cadence: str,
    down_payment_minor: int,
    tariff: None = None,
) -> dict[str, Any]:
    """The arguments by which plans are offered and sold."""
    each = None if instalment_minor is None else Money(instalment_minor, currency)
    return {
        "appliance": appliance,
        "scheme": scheme,
        "figure": count if each is None else each,
        "cadence": cadence,
        "down": Money(down_payment_minor, currency),
    }


def _stored_plan(unit: Unit, request: StoredRequest) -> dict[str, Any]:
    columns = {name: getattr(request, name) for name in _columns()}
    return _plan(unit.market.currency, **columns)


def _waiting(unit: Unit, request: StoredRequest) -> Waiting:
    known = find_customer(unit.connection, request.phone)
    owner = (
        mask_name(known.name, known.surname)
        if known
        else f"{request.name} {request.surname}".strip()
    )
    plan = offer_plan(unit, **_stored_plan(unit, request)) if request.appliance else None
    return Waiting(
        request.serial,
        request.phone,
        owner,
        request.tariff,
        request.appliance,
        plan,
        request.cadence,
    )

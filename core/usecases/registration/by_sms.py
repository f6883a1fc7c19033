"""An agent asks by text for a registration, and confirms it from the menu with the PIN.

A PIN never travels by SMS (domain 6), so the text only stores what is wanted, after checking it as
far as it can be; nothing is registered before `confirm_registration`. What was asked for may have
become impossible meanwhile: then it can only be dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from core.agent import Agent
from core.db.agents import find_agent
from core.db.customers import find_customer
from core.db.registration_requests import (
    StoredRequest,
    code_like,
    delete_request,
    requests_of,
    store_request,
)
from core.db.tables.catalogue import tariffs
from core.errors import Refused
from core.money import Money
from core.names import mask_name
from core.serial_number import normalise_serial
from core.unit import Unit
from core.usecases.catalogue.choices import find_village, kind_of, list_tariffs
from core.usecases.devices.stock import find_unassigned
from core.usecases.registration.by_agent import RegisteredDevice, register_meter, register_on_plan
from core.usecases.sales.allowed_plans import check_allowed, read_terms
from core.usecases.sales.offer import ServiceOffer, Terms, figures_of, minor_of, offer_terms

# How long a request waits for its PIN.
KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class RegistrationRequest:
    """As read from a text. `terms`: a tariff's code, a plan's, or an appliance's with its plan.

    `name` may be empty for a number that is a customer's already.
    """

    serial: str
    phone: str
    village: str
    terms: str
    name: str
    surname: str


@dataclass(frozen=True, slots=True)
class Pending:
    """A request that waits for the PIN. `owner`: the name, masked for a customer who is known."""

    serial: str
    phone: str
    owner: str


@dataclass(frozen=True, slots=True)
class PendingMeter(Pending):
    """A meter with its tariff."""

    tariff: str


@dataclass(frozen=True, slots=True)
class PendingPlan(Pending):
    """A kit or an e-bike, and what its plan comes to when it is sold today."""

    appliance: str
    parts: int
    each: Money
    cadence: str
    last: Money
    first_on: date
    down_payment: Money


@dataclass(frozen=True, slots=True)
class PendingService(Pending):
    """The same, used by the day."""

    appliance: str
    per_day: Money
    least: Money


@dataclass(frozen=True, slots=True)
class Dropped:
    """The serial that is not asked for any more."""

    serial: str


def store_registration_request(
    unit: Unit, agent_msisdn: str, fields: RegistrationRequest
) -> Pending:
    """Check and store it. Raises Refused not_an_agent, village_unknown, name_missing,
    tariff_unknown, kind_differs, plan_not_allowed, and those of `find_unassigned`, `read_terms` and
    `offer_terms`."""
    agent = _agent(unit, agent_msisdn)
    serial = normalise_serial(fields.serial)
    kind, _ = find_unassigned(unit, serial)
    village = find_village(unit, fields.village, agent_msisdn) if fields.village else ""
    row = {
        "agent_id": agent.id,
        "serial": serial,
        "phone": fields.phone,
        "village": village,
        "name": fields.name[:30],
        "surname": fields.surname[:30],
        **_terms(unit, serial, kind, fields.terms),
        "asked_at": unit.now,
    }
    if not fields.name and find_customer(unit.connection, fields.phone) is None:
        raise Refused("name_missing")
    store_request(unit.connection, row)
    return get_registration_request(unit, agent_msisdn, serial)


def list_registration_requests(unit: Unit, agent_msisdn: str) -> list[Pending]:
    """What the agent asked for and has not confirmed, the newest first."""
    agent = _agent(unit, agent_msisdn)
    return [
        Pending(one.serial, one.phone, _owner(unit, one))
        for one in requests_of(unit.connection, agent.id, unit.now - KEPT)
    ]


def get_registration_request(
    unit: Unit, agent_msisdn: str, serial: str
) -> PendingMeter | PendingPlan | PendingService:
    """One of them, as it would be done now. Raises Refused("no_such_request"), and the reason why
    it cannot be done any more."""
    request = _stored(unit, _agent(unit, agent_msisdn), serial)
    find_unassigned(unit, serial)
    who = (request.serial, request.phone, _owner(unit, request))
    if request.tariff is not None:
        return PendingMeter(*who, tariff=_tariff(unit, request.tariff))
    terms = _agreed(unit, request)
    check_allowed(unit, terms)
    offered = offer_terms(unit, terms)
    if isinstance(offered, ServiceOffer):
        return PendingService(*who, appliance=terms.appliance, **figures_of(offered))
    return PendingPlan(
        *who, appliance=terms.appliance, cadence=terms.cadence, **figures_of(offered)
    )


def confirm_registration(
    unit: Unit, msisdn: str, pin: str, serial: str, once: str
) -> RegisteredDevice | Refused:
    """Register what the agent asked for. `once` names the USSD turn. Answers Refused for a wrong
    PIN; raises Refused("no_such_request"), and like `register_meter` and `register_on_plan`."""
    agent = _agent(unit, msisdn)
    request = _stored(unit, agent, serial)
    kind, manufacturer = find_unassigned(unit, serial)
    is_known = find_customer(unit.connection, request.phone) is not None
    who: dict[str, Any] = {
        "phone": request.phone,
        "name": "" if is_known else request.name,
        "surname": "" if is_known else request.surname,
        "village": request.village,
        "manufacturer": manufacturer,
        "serial": serial,
    }
    done = (
        register_meter(unit, msisdn, pin, tariff=request.tariff, **who)
        if request.tariff is not None
        else register_on_plan(
            unit, msisdn, pin, kind=kind, once=once, **who, **_as_given(_agreed(unit, request))
        )
    )
    if isinstance(done, RegisteredDevice):
        delete_request(unit.connection, agent.id, serial)
    return done


def drop_registration_request(unit: Unit, msisdn: str, serial: str) -> Dropped:
    """The agent does not want it any more. Raises Refused("not_an_agent")."""
    delete_request(unit.connection, _agent(unit, msisdn).id, serial)
    return Dropped(serial)


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


def _owner(unit: Unit, request: StoredRequest) -> str:
    known = find_customer(unit.connection, request.phone)
    if known is not None:
        return mask_name(known.name, known.surname)
    return f"{request.name} {request.surname}".strip()


def _tariff(unit: Unit, code: str) -> str:
    """The tariff, if it has begun. Raises Refused("tariff_unknown")."""
    if code not in [tariff.tariff for tariff in list_tariffs(unit)]:
        raise Refused("tariff_unknown", typed=code)
    return code


def _terms(unit: Unit, serial: str, kind: str, typed: str) -> dict[str, Any]:
    """The columns of a tariff or of a plan, which is made once so that its refusals come now."""
    if kind == "meter":
        code = code_like(unit.connection, tariffs, typed)
        return _columns(tariff=_tariff(unit, code or typed))
    terms = read_terms(unit, typed)
    if kind_of(unit, terms.appliance) != kind:
        raise Refused("kind_differs", serial=serial)
    offer_terms(unit, terms)
    by_amount = terms.scheme == "amount"
    return _columns(
        appliance=terms.appliance,
        scheme=terms.scheme,
        count=minor_of(terms.figure) if terms.scheme == "count" else None,
        instalment_minor=minor_of(terms.figure) if by_amount else None,
        cadence=terms.cadence,
        down_payment_minor=minor_of(terms.down),
    )


def _columns(**given: Any) -> dict[str, Any]:
    names = ("tariff", "appliance", "scheme", "count", "instalment_minor", "cadence")
    return dict.fromkeys(names) | {"down_payment_minor": 0} | given


def _as_given(terms: Terms) -> dict[str, Any]:
    """The terms as the arguments that the menu gives."""
    return {name: getattr(terms, name) for name in Terms.__dataclass_fields__}


def _agreed(unit: Unit, request: StoredRequest) -> Terms:
    """The terms in a request that has no tariff."""
    currency = unit.market.currency
    figure: int | Money = request.count or 0
    if request.instalment_minor is not None:
        figure = Money(request.instalment_minor, currency)
    down = Money(request.down_payment_minor, currency)
    return Terms(request.appliance or "", request.scheme or "", figure, request.cadence or "", down)

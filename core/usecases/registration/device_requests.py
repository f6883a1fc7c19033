"""What waits for an agent: people who asked for a device in stock from their own phones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.db.agents import find_agent
from core.db.console.requests import DeviceRequestRow, find_request
from core.db.customers import find_customer
from core.db.registration_requests import (
    StoredDeviceRequest,
    delete_device_request,
    device_requests,
)
from core.errors import Refused
from core.names import mask_name
from core.unit import Unit
from core.usecases.customers.caller import read_caller
from core.usecases.devices.stock import tell_not_granted
from core.usecases.operators.audit import write_audit
from core.usecases.registration.at_office import (
    MeterHandover,
    NewCustomer,
    SaleHandover,
    register_by_operator,
)
from core.usecases.registration.self_service import KEPT
from core.usecases.sales.allowed_plans import get_allowed_plan


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """Who wants which device. `owner` is the name, masked for a customer who is known; a new one's
    `name`, `surname` and `village` are as they typed them, else empty."""

    request: int
    serial: str
    kind: str
    manufacturer: str
    phone: str
    owner: str
    name: str
    surname: str
    village: str


def list_device_requests(unit: Unit, agent_msisdn: str) -> Sequence[DeviceRequest]:
    """The newest requests of the agent's villages, for devices that are still in stock."""
    agent = find_agent(unit.connection, agent_msisdn)
    villages = agent.villages if agent else []
    stored = device_requests(unit.connection, unit.now - KEPT, villages)
    return [_request(unit, one) for one in stored]


def get_device_request(unit: Unit, agent_msisdn: str, request: int) -> DeviceRequest:
    """One of them. Raises Refused("no_such_request") when it was served meanwhile."""
    for one in list_device_requests(unit, agent_msisdn):
        if one.request == request:
            return one
    raise Refused("no_such_request")


def _request(unit: Unit, stored: StoredDeviceRequest) -> DeviceRequest:
    known = find_customer(unit.connection, stored.msisdn)
    who = (
        (mask_name(known.name, known.surname), "", "", "")
        if known
        else (
            f"{stored.name} {stored.surname}",
            stored.name,
            stored.surname,
            stored.village,
        )
    )
    return DeviceRequest(
        stored.id, stored.serial, stored.kind, stored.manufacturer, stored.msisdn, *who
    )


@dataclass(frozen=True, slots=True)
class NotGranted:
    """The serial that was asked for."""

    serial: str


def refuse_device_request(unit: Unit, msisdn: str, request: int) -> NotGranted:
    """End a request that this agent sees. Raises Refused("no_such_request")."""
    asked = get_device_request(unit, msisdn, request)
    delete_device_request(unit.connection, request)
    tell_not_granted(unit, asked.phone, asked.serial)
    return NotGranted(asked.serial)


def grant_device_request(
    unit: Unit, request_id: int, tariff: str | None, plan: str | None, operator: str, reason: str
) -> int:
    """Hand the device over, a meter with a tariff and anything else by a plan (codes); the
    customer's id. They are welcomed by text, and others who had asked for it are told.

    Raises Refused like `register_by_operator` and `get_allowed_plan`, and no_such_request,
    plan_needed.
    """
    asked = _find(unit, request_id)
    customer_id = register_by_operator(
        unit, operator, _person(unit, asked), _terms(unit, asked, tariff, plan)
    )
    write_audit(unit, operator, "grant", "device", asked.device_id, reason, customer=customer_id)
    return customer_id


def turn_down_device_request(unit: Unit, request_id: int, operator: str, reason: str) -> None:
    """End the request and tell them. Raises Refused("no_such_request")."""
    asked = _find(unit, request_id)
    delete_device_request(unit.connection, request_id)
    tell_not_granted(unit, asked.msisdn, asked.serial)
    write_audit(
        unit, operator, "not_granted", "device", asked.device_id, reason, msisdn=asked.msisdn
    )


def _find(unit: Unit, request_id: int) -> DeviceRequestRow:
    asked = find_request(unit.connection, request_id)
    if asked is None:
        raise Refused("no_such_request")
    return asked


def _person(unit: Unit, asked: DeviceRequestRow) -> NewCustomer:
    """A number that became a customer's meanwhile keeps the name it has in the books."""
    if find_customer(unit.connection, asked.msisdn) is not None:
        return NewCustomer(asked.msisdn)
    language = read_caller(unit, asked.msisdn).language
    return NewCustomer(asked.msisdn, asked.name, asked.surname, asked.village, language)


def _terms(
    unit: Unit, asked: DeviceRequestRow, tariff: str | None, plan: str | None
) -> MeterHandover | SaleHandover:
    if asked.kind == "meter":
        return MeterHandover(asked.serial, tariff)
    if plan is None:
        raise Refused("plan_needed")
    return SaleHandover(asked.serial, get_allowed_plan(unit, plan))

"""Requests of callers for a device in stock: agents complete or decline them, operators too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.db.agents import find_agent
from core.db.console.device_requests import DeviceRequestRow, find_request
from core.db.customers import find_customer
from core.db.registration_requests import (
    StoredDeviceRequest,
    delete_device_request,
    device_requests,
)
from core.errors import Refused
from core.names import mask_name
from core.plan import PlanTerms
from core.unit import Unit
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.devices.stock import NamedDevice, notify_request_declined
from core.usecases.operators.audit import write_audit
from core.usecases.registration.by_agent import NewMeter
from core.usecases.registration.by_operator import register_by_operator
from core.usecases.registration.self_service import KEPT
from core.usecases.sales.sell import NewSale


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """A caller who wants a device. `manufacturer` and `village` are codes.

    `owner` is the name, masked for a known customer. `name`, `surname` and `village` are as a new
    caller typed them, else empty.
    """

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
    """Return the newest requests of the agent's villages, for devices that are still in stock."""
    agent = find_agent(unit.connection, agent_msisdn)
    villages = agent.villages if agent else []
    stored = device_requests(unit.connection, unit.now - KEPT, villages)
    return [_request(unit, request) for request in stored]


def get_device_request(unit: Unit, agent_msisdn: str, request_id: int) -> DeviceRequest:
    """Return a request that this agent sees. Raises Refused("no_such_request") once it is done."""
    for request in list_device_requests(unit, agent_msisdn):
        if request.request == request_id:
            return request
    raise Refused("no_such_request")


def _request(unit: Unit, stored: StoredDeviceRequest) -> DeviceRequest:
    known = find_customer(unit.connection, stored.msisdn)
    owner = f"{stored.name} {stored.surname}"
    return DeviceRequest(
        stored.id,
        stored.serial,
        stored.kind,
        stored.manufacturer,
        stored.msisdn,
        mask_name(known.name, known.surname) if known else owner,
        *(("", "", "") if known else (stored.name, stored.surname, stored.village)),
    )


@dataclass(frozen=True, slots=True)
class DeclinedRequest:
    """The serial of the device that was requested."""

    serial: str


def decline_device_request(unit: Unit, msisdn: str, request: int) -> DeclinedRequest:
    """Decline a request that this agent sees, and send the caller an SMS.

    Raises Refused("no_such_request").
    """
    declined = get_device_request(unit, msisdn, request)
    delete_device_request(unit.connection, request)
    notify_request_declined(unit, declined.phone, declined.serial)
    return DeclinedRequest(declined.serial)


def grant_device_request(
    unit: Unit, request_id: int, terms: str | PlanTerms | None, operator: str, reason: str
) -> int:
    """Register the device to the caller. Return the customer's id.

    `terms`: a meter is given with a tariff (a code, None for the one that is set on it), any other
    device is sold on a plan. The customer is welcomed by SMS, and others who requested the device
    get one too. Raises Refused: no_such_request, plan_needed, and as `register_by_operator`.
    """
    request = _find(unit, request_id)
    customer = NewCustomer(request.msisdn, request.name, request.surname, request.village)
    goods = _goods(request, terms)
    customer_id = register_by_operator(unit, operator, customer, goods, keep_known=True)
    write_audit(unit, operator, "grant", "device", request.device_id, reason, customer=customer_id)
    return customer_id


def decline_by_operator(unit: Unit, request_id: int, operator: str, reason: str) -> None:
    """Decline a request, and send the caller an SMS. Raises Refused: no_such_request,
    reason_missing."""
    request = _find(unit, request_id)
    delete_device_request(unit.connection, request_id)
    notify_request_declined(unit, request.msisdn, request.serial)
    write_audit(unit, operator, "decline", "device", request.device_id, reason, request=request_id)


def _find(unit: Unit, request_id: int) -> DeviceRequestRow:
    request = find_request(unit.connection, request_id)
    if request is None:
        raise Refused("no_such_request")
    return request


def _goods(request: DeviceRequestRow, terms: str | PlanTerms | None) -> NewMeter | NewSale:
    device = NamedDevice(request.serial)
    if request.kind == "meter":
        return NewMeter(device, terms if isinstance(terms, str) else None)
    if not isinstance(terms, PlanTerms):
        raise Refused("plan_needed")
    return NewSale(terms, device)

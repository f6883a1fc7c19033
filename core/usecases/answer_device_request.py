"""An operator answers somebody who asked for a device in stock: they get it, or are told no.

An agent does the same from a phone (list_device_requests, refuse_device_request).
"""

from __future__ import annotations

from core.db.console_requests import DeviceRequestRow, find_request
from core.db.customers import find_customer
from core.db.device_requests import delete_device_request
from core.errors import Refused
from core.unit import Unit
from core.usecases.allowed_plans import get_allowed_plan
from core.usecases.audit import write_audit
from core.usecases.hand_over import tell_not_granted
from core.usecases.read_caller import read_caller
from core.usecases.register_at_desk import (
    MeterHandover,
    NewCustomer,
    SaleHandover,
    register_by_operator,
)


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

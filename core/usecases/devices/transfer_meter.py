"""A meter moves to another customer: debts stay with the old owner, it starts clean.

An agent does it with a PIN, an operator with a reason.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.customer import Customer
from core.db.customers import find_customer, get_customer, lock_customers
from core.db.devices import find_device, lock_devices
from core.db.registration import move_device
from core.db.tariffs import versions_of
from core.device import Device
from core.errors import Refused
from core.unit import Unit
from core.usecases.agents.pin import check_pin
from core.usecases.catalogue.access_fees import post_access_fees
from core.usecases.devices.stock import ensure_no_pending_payment, send_welcome
from core.usecases.messages.queue import send_sms_to
from core.usecases.operators.audit import write_audit
from core.wording.messages import agent_sms


@dataclass(frozen=True, slots=True)
class Moved:
    """The meter that changed hands."""

    serial: str


def find_meter_owner(unit: Unit, serial: str) -> Customer:
    """Whose meter it is. Raises Refused unknown_serial, device_in_stock, not_a_meter."""
    return get_customer(unit.connection, _owner_id(_meter(unit, serial)))


def transfer_meter(unit: Unit, msisdn: str, pin: str, serial: str, phone: str) -> Moved | Refused:
    """Give the meter to the customer with that number; both are told. Answers Refused for a wrong
    PIN; raises Refused like `find_meter_owner`, and customer_unknown, device_theirs,
    device_of_another (it changed hands meanwhile), payment_waiting (money for it is about to be
    applied)."""
    agent = check_pin(unit, msisdn, pin)
    if isinstance(agent, Refused):
        return agent
    _move(unit, serial, phone)
    return Moved(serial)


def transfer_meter_by_operator(
    unit: Unit, serial: str, phone: str, operator: str, reason: str
) -> int:
    """The same by an operator; the new owner's id. Raises Refused like `transfer_meter`, and
    reason_missing."""
    meter, customer = _move(unit, serial, phone)
    details = {"before": meter.owner_id, "after": customer.id}
    write_audit(unit, operator, "transfer_meter", "device", meter.id, reason, **details)
    return customer.id


def _move(unit: Unit, serial: str, phone: str) -> tuple[Device, Customer]:
    """The meter as it was, and its new owner."""
    meter = _meter(unit, serial)
    owner_id = _owner_id(meter)
    customer = find_customer(unit.connection, phone)
    if customer is None:
        raise Refused("customer_unknown", msisdn=phone)
    if customer.id == owner_id:
        raise Refused("device_theirs", serial=serial)
    owner = lock_customers(unit.connection, [owner_id, customer.id])[owner_id]
    locked = lock_devices(unit.connection, [meter.id], [])
    if locked[meter.id].owner_id != owner_id:
        raise Refused("device_of_another", serial=serial)
    ensure_no_pending_payment(unit, meter.id, serial)
    post_access_fees(unit, locked.values(), versions_of(unit.connection, locked.values()))
    move_device(unit.connection, meter.id, customer.id, unit.today)
    _tell_moved(unit, owner, serial)
    send_welcome(unit, customer, serial)
    return meter, customer


def _meter(unit: Unit, serial: str) -> Device:
    device = find_device(unit.connection, serial)
    if device is None:
        raise Refused("unknown_serial", serial=serial)
    if device.kind != "meter":
        raise Refused("not_a_meter", serial=serial)
    return device


def _owner_id(meter: Device) -> int:
    if meter.owner_id is None:
        raise Refused("device_in_stock", serial=meter.serial)
    return meter.owner_id


def _tell_moved(unit: Unit, owner: Customer, serial: str) -> None:
    """The old owner hears of it, so that nobody loses a meter without knowing."""
    message = agent_sms.meter_transferred(serial=serial, operator=unit.market.operator)
    send_sms_to(unit, owner, message, f"moved:{serial}:{owner.id}:{unit.now.isoformat()}")

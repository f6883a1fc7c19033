"""Transfer a meter to another customer, who starts without its debts: the old owner keeps them.

An agent does it with a PIN, an operator with a reason.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.customer import Customer
from core.db.customers import get_customer, lock_customers
from core.db.devices import find_device, lock_devices
from core.db.registration import give_devices
from core.db.tariffs import versions_of
from core.device import Device
from core.errors import Refused
from core.ownership import Handover
from core.unit import Unit
from core.usecases.agents.pin import check_pin
from core.usecases.catalogue.access_fees import post_access_fees
from core.usecases.customers.caller import get_known
from core.usecases.devices.in_flight import ensure_nothing_in_flight
from core.usecases.devices.stock import send_welcome
from core.usecases.messages.queue import send_sms_to
from core.usecases.operators.audit import write_audit
from core.wording.messages import agent_sms


@dataclass(frozen=True, slots=True)
class TransferredMeter:
    """The serial of the meter that was transferred."""

    serial: str


def find_meter_owner(unit: Unit, serial: str) -> Customer:
    """Return the owner of a meter. Raises Refused: unknown_serial, device_in_stock, not_a_meter."""
    return get_customer(unit.connection, _owner_id(_meter(unit, serial)))


def transfer_meter(
    unit: Unit, msisdn: str, pin: str, serial: str, phone: str
) -> TransferredMeter | Refused:
    """Transfer a meter to the customer with the number `phone`; both owners get an SMS.

    `msisdn` is the agent's number. Returns Refused for a wrong PIN. Raises Refused as
    `find_meter_owner`, and: customer_unknown; device_theirs, for the owner; device_of_another,
    where it got another owner meanwhile; and as `ensure_nothing_in_flight`.
    """
    agent = check_pin(unit, msisdn, pin)
    if isinstance(agent, Refused):
        return agent
    _transfer(unit, serial, phone)
    return TransferredMeter(serial)


def transfer_meter_by_operator(
    unit: Unit, serial: str, phone: str, operator: str, reason: str
) -> int:
    """Transfer a meter to the customer with that number. Return the new owner's id.

    Raises Refused as `transfer_meter`, and reason_missing.
    """
    meter, customer = _transfer(unit, serial, phone)
    details = {"before": meter.owner_id, "after": customer.id}
    write_audit(unit, operator, "transfer_meter", "device", meter.id, reason, **details)
    return customer.id


def _transfer(unit: Unit, serial: str, phone: str) -> tuple[Device, Customer]:
    """Return the meter as it was before, and its new owner."""
    meter = _meter(unit, serial)
    owner_id = _owner_id(meter)
    customer = get_known(unit, phone)
    if customer.id == owner_id:
        raise Refused("device_theirs", serial=serial)
    owner = lock_customers(unit.connection, [owner_id, customer.id])[owner_id]
    locked = lock_devices(unit.connection, [meter.id], [])
    if locked[meter.id].owner_id != owner_id:
        raise Refused("device_of_another", serial=serial)
    ensure_nothing_in_flight(unit, meter.id, serial)
    post_access_fees(unit, locked.values(), versions_of(unit.connection, locked.values()))
    handover = Handover(meter.id, customer.id, unit.now, "transfer")
    give_devices(unit.connection, [(handover, unit.today)], unit.today)
    _notify_old_owner(unit, owner, serial)
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


def _notify_old_owner(unit: Unit, owner: Customer, serial: str) -> None:
    """Send the old owner an SMS, so that no customer loses a meter without knowing."""
    message = agent_sms.meter_transferred(serial=serial, operator=unit.market.operator)
    send_sms_to(unit, owner, message, f"moved:{serial}:{owner.id}:{unit.now.isoformat()}")

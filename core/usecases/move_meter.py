"""An agent moves a meter to another customer: debts stay with the old owner, it starts clean."""

from __future__ import annotations

from dataclasses import dataclass

from core.db.catalogue import versions_of
from core.db.customers import find_customer, lock_customers
from core.db.devices import lock_devices
from core.db.registration import devices_by_serial, move_device
from core.errors import Refused
from core.unit import Unit
from core.usecases.accrue_access_rates import post_access_fees
from core.usecases.check_pin import check_pin


@dataclass(frozen=True, slots=True)
class Moved:
    """The meter that changed hands."""

    serial: str


def move_meter(unit: Unit, msisdn: str, pin: str, serial: str, phone: str) -> Moved | Refused:
    """Give the meter to the customer with that number. Raises Refused unknown_serial,
    device_in_stock, not_a_meter, customer_unknown, device_theirs."""
    agent = check_pin(unit, msisdn, pin)
    if isinstance(agent, Refused):
        return agent
    device = devices_by_serial(unit.connection, [serial]).get(serial)
    customer = find_customer(unit.connection, phone)
    if device is None:
        raise Refused("unknown_serial", serial=serial)
    if device.owner_id is None:
        raise Refused("device_in_stock", serial=serial)
    if device.kind != "meter":
        raise Refused("not_a_meter", serial=serial)
    if customer is None:
        raise Refused("customer_unknown", msisdn=phone)
    if customer.id == device.owner_id:
        raise Refused("device_theirs", serial=serial)
    lock_customers(unit.connection, [device.owner_id, customer.id])
    locked = lock_devices(unit.connection, [device.id], []).values()
    post_access_fees(unit, locked, versions_of(unit.connection, locked))
    move_device(unit.connection, device.id, customer.id, unit.today)
    return Moved(serial)

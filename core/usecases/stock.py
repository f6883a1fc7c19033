"""Whether a device may be handed out: asked when its serial is typed, and again under a lock."""

from __future__ import annotations

from core.db.customers import find_customer
from core.db.registration import KnownDevice, devices_by_serial
from core.errors import Refused
from core.unit import Unit


def find_in_stock(
    unit: Unit, serial: str, kind: str, maker: str, *, lock: bool = False
) -> KnownDevice:
    """The device of that kind and maker.

    Raises Refused not_in_stock, device_taken, device_other.
    """
    device = devices_by_serial(unit.connection, [serial], lock=lock).get(serial)
    if device is None:
        raise Refused("not_in_stock", serial=serial)
    if device.owner_id is not None:
        raise Refused("device_taken", serial=serial)
    if device.kind != kind or device.manufacturer != maker:
        raise Refused("device_other", serial=serial)
    return device


def check_sellable(unit: Unit, serial: str, kind: str, customer: str) -> None:
    """A device in stock, or the customer's own without a plan, can be sold to that number.

    Raises Refused not_in_stock, kind_differs, device_of_another, device_on_plan.
    """
    device = devices_by_serial(unit.connection, [serial]).get(serial)
    if device is None:
        raise Refused("not_in_stock", serial=serial)
    if device.kind != kind:
        raise Refused("kind_differs", serial=serial)
    buyer = find_customer(unit.connection, customer)
    if device.owner_id is not None and (buyer is None or device.owner_id != buyer.id):
        raise Refused("device_of_another", serial=serial)
    if device.taken:
        raise Refused("device_on_plan", serial=serial)

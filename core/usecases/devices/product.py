"""The product of a device: the appliance that it is. It is sold as nothing else.

It agrees with the plan that is set on a device in stock and with a running sale: who sets it
otherwise has to remove that plan, or end that sale, first.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.appliance import StoredAppliance
from core.db.appliances import name_of_appliance
from core.db.products import Promise, promises_of, set_products
from core.db.registration import devices_by_serial
from core.device import KnownDevice
from core.errors import Refused
from core.unit import Unit
from core.usecases.catalogue.choices import get_appliance
from core.usecases.devices.stock import check_in_service
from core.usecases.operators.audit import write_audit


def set_product(unit: Unit, serial: str, product: str | None, operator: str, reason: str) -> None:
    """Say which appliance (a code) a device is; None: that it is not known.

    Raises Refused: unknown_serial, device_retired, appliance_unknown, product_of_other_kind,
    product_of_other_plan, product_of_other_sale, product_same, reason_missing.
    """
    device = devices_by_serial(unit.connection, [serial], lock=True).get(serial)
    if device is None:
        raise Refused("unknown_serial", serial=serial)
    check_in_service(device)
    item = get_appliance(unit, product) if product else None
    product_id = item.id if item is not None else None
    if device.product_id == product_id:
        raise Refused("product_same", serial=serial)
    if item is not None:
        check_kind(device.kind, item)
        check_promised(device, item, promises_of(unit.connection, [device.id]).get(device.id, ()))
    set_products(unit.connection, {device.id: product_id})
    before = name_of_appliance(unit.connection, device.product_id)
    names = {"before": before, "after": item and item.name}
    write_audit(unit, operator, "set_product", "device", device.id, reason, **names)


def complete_products(
    unit: Unit, products: Sequence[tuple[KnownDevice, StoredAppliance]], operator: str
) -> None:
    """Say which appliance devices are of which it was not known, as an imported file says; they
    are locked and were checked."""
    set_products(unit.connection, {device.id: item.id for device, item in products})
    reason = "an imported file names its product"
    for device, item in products:
        names = {"before": None, "after": item.name}
        write_audit(unit, operator, "set_product", "device", device.id, reason, **names)


def check_kind(kind: str, item: StoredAppliance) -> None:
    """Check that a device of that kind can be that appliance. Raises
    Refused("product_of_other_kind")."""
    if item.kind != kind:
        raise Refused("product_of_other_kind", product=item.code, kind=item.kind)


def check_promised(device: KnownDevice, item: StoredAppliance, promises: Sequence[Promise]) -> None:
    """Check that a device is promised as no other appliance. Raises Refused:
    product_of_other_plan, product_of_other_sale."""
    for promise in promises:
        if promise.appliance_id == item.id:
            continue
        if promise.plan is not None:
            raise Refused("product_of_other_plan", serial=device.serial, plan=promise.plan)
        raise Refused("product_of_other_sale", serial=device.serial, appliance=promise.appliance)

"""An operator registers a customer and a device in one act: both, or neither.

The device comes from stock. A meter goes with a tariff; a solar home system or an e-bike with a
sale, whose plan the operator has seen.
"""

from __future__ import annotations

from core.db.registration import devices_by_serial, give_devices, set_tariff
from core.device import KnownDevice
from core.errors import Refused
from core.ownership import Handover
from core.unit import Unit
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.devices.stock import check_in_service, welcome_owner
from core.usecases.devices.vendor import check_served
from core.usecases.operators.audit import write_audit
from core.usecases.registration.by_agent import NewMeter
from core.usecases.registration.new_customer import find_or_register
from core.usecases.sales.quote import quote_terms
from core.usecases.sales.sell import NewSale, find_sold_device
from core.usecases.sales.write_sales import write_sale


def register_by_operator(
    unit: Unit,
    operator: str,
    customer: NewCustomer,
    goods: NewMeter | NewSale | None,
    *,
    keep_known: bool = False,
) -> int:
    """Register a customer with a device from stock, or alone. Return the customer's id.

    `keep_known` as for `find_or_register`. The owner of a device is welcomed by SMS, and other
    callers who requested it get one too. Raises Refused: name_missing, not_in_stock, not_a_meter,
    device_taken, device_retired, vendor_not_set_up, tariff_needed, unknown_serial,
    and as `find_or_register`, `quote_terms` and `write_sale`.
    """
    if goods is None and not customer.name:
        raise Refused("name_missing")
    owner = find_or_register(unit, customer, keep_known=keep_known)
    device = None
    if isinstance(goods, NewMeter):
        device = _take_meter(unit, goods)
        handover = Handover(device.id, owner.id, unit.now, "registration")
        give_devices(unit.connection, [(handover, unit.today)], unit.today)
    elif goods is not None:
        device = find_sold_device(unit, goods)
        reference = f"operator:{device.serial if device else owner.id}:{unit.now.isoformat()}"
        write_sale(unit, owner, quote_terms(unit, goods.terms), device, reference)
    if device is not None:
        welcome_owner(unit, owner, device)
    serial = device.serial if device else None
    write_audit(
        unit, operator, "register", "customer", owner.id, "registered by an operator", serial=serial
    )
    return owner.id


def _take_meter(unit: Unit, meter: NewMeter) -> KnownDevice:
    """Return the meter in stock, locked, with its tariff set."""
    serial = meter.device.serial
    device = devices_by_serial(unit.connection, [serial], lock=True).get(serial)
    if device is None:
        raise Refused("not_in_stock", serial=serial)
    if device.kind != "meter":
        raise Refused("not_a_meter", serial=serial)
    check_in_service(device)
    check_served(device)
    if device.owner_id is not None:
        raise Refused("device_taken", serial=serial)
    if meter.tariff is None and device.tariff is None:
        raise Refused("tariff_needed")
    if meter.tariff is not None:
        set_tariff(unit.connection, device.id, meter.tariff)
    return device

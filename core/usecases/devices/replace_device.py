"""Replace a broken device: another from stock takes its place, with its owner, tariff and sales.

What was paid stays paid, and the customer keeps the credit. Instalments buy days on the new device
from where they stood. The new one is the same product: of one that was not known the product is
known from then on. Days the old device had left, or its unlocking, are ordered again as a token;
what a meter had left is in the meter alone, and is ordered by hand. The old device is retired: it
does not return to stock, and a payment for it by mistake goes to suspense.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.customer import Customer
from core.db.customers import lock_customers
from core.db.devices import get_device, lock_devices, record_replacement
from core.db.products import find_product, find_sold_product, promises_of, set_products
from core.db.registration import devices_by_serial
from core.db.registration_requests import delete_requests_for
from core.db.tariffs import versions_of
from core.device import Device, KnownDevice
from core.errors import Refused
from core.tokens.family import NO_TOKENS
from core.unit import Unit
from core.usecases.catalogue.access_fees import post_access_fees
from core.usecases.devices.in_flight import ensure_nothing_in_flight
from core.usecases.devices.list_devices import days_left, list_devices
from core.usecases.devices.product import check_promised
from core.usecases.devices.stock import (
    check_in_service,
    check_product,
    notify_request_declined,
)
from core.usecases.devices.vendor import check_served
from core.usecases.messages.queue import send_sms_to
from core.usecases.operators.audit import write_audit
from core.usecases.tokens.token_orders import order_token
from core.wording.messages import agent_sms


@dataclass(frozen=True, slots=True)
class Replacement:
    """The new device's id, and the token that was ordered for it: for days, or to unlock it."""

    device_id: int
    days: int
    is_unlocked: bool


def replace_device(
    unit: Unit, device_id: int, serial: str, operator: str, reason: str
) -> Replacement:
    """Replace a customer's device with the device in stock that has that serial.

    Raises Refused: device_in_stock (the old one has no owner), not_in_stock, device_taken,
    device_retired, vendor_not_set_up, kind_differs, product_differs, product_of_other_plan,
    reason_missing; token_not_supported where the new one takes no such token; and as
    `ensure_nothing_in_flight`.
    """
    old, customer = _lock_old(unit, device_id)
    new = _lock_new(unit, serial, old)
    state = next(
        device for device in list_devices(unit, customer.id) if device.serial == old.serial
    )
    record_replacement(unit.connection, old, new.id, unit.now, unit.today)
    is_unlocked = state.is_paid_off and _is_unlocked_by_token(unit, new.id)
    days = 0 if state.is_paid_off else days_left(unit, state)
    if is_unlocked:
        order_token(unit, serial, "unlock", 0, operator, reason)
    elif days:
        order_token(unit, serial, "days", days, operator, reason)
    _notify(unit, customer, old.serial, new)
    details = {"before": old.serial, "after": serial}
    write_audit(unit, operator, "replace", "device", old.id, reason, **details)
    write_audit(unit, operator, "replace", "customer", customer.id, reason, **details)
    return Replacement(new.id, days, is_unlocked)


def _lock_old(unit: Unit, device_id: int) -> tuple[Device, Customer]:
    """Return the device and its owner, locked, after its access fees were written."""
    found = get_device(unit.connection, device_id)
    if found.owner_id is None:
        raise Refused("device_in_stock", serial=found.serial)
    customer = lock_customers(unit.connection, [found.owner_id])[found.owner_id]
    old = lock_devices(unit.connection, [device_id], [customer.id])[device_id]
    if old.owner_id != customer.id:
        raise Refused("device_of_another", serial=old.serial)
    ensure_nothing_in_flight(unit, old.id, old.serial)
    post_access_fees(unit, [old], versions_of(unit.connection, [old]))
    return old, customer


def _lock_new(unit: Unit, serial: str, old: Device) -> KnownDevice:
    """Return the device in stock that takes the place, locked."""
    new = devices_by_serial(unit.connection, [serial], lock=True).get(serial)
    if new is None:
        raise Refused("not_in_stock", serial=serial)
    check_in_service(new)
    check_served(new)
    if new.owner_id is not None:
        raise Refused("device_taken", serial=serial)
    if new.kind != old.kind:
        raise Refused("kind_differs", serial=serial, kind=new.kind, wanted=old.kind)
    _take_over_product(unit, old, new)
    return new


def _take_over_product(unit: Unit, old: Device, new: KnownDevice) -> None:
    """Check that the new device is what the old one is, or was sold as. What the old one is, is
    known of the new one too."""
    product = find_product(unit.connection, old.serial)
    must_be = product or find_sold_product(unit.connection, old.id)
    if must_be is not None:
        check_product(unit, new, must_be)
    if product is not None and new.product_id is None:
        promises = promises_of(unit.connection, [new.id])
        check_promised(new, product, promises.get(new.id, ()))
        set_products(unit.connection, {new.id: product.id})


def _is_unlocked_by_token(unit: Unit, device_id: int) -> bool:
    """Whether a paid-off plan unlocks that device: not a meter, and not one without tokens."""
    device = get_device(unit.connection, device_id)
    return device.is_payg and device.token_family != NO_TOKENS


def _notify(unit: Unit, customer: Customer, old: str, new: KnownDevice) -> None:
    """Send the customer an SMS, and decline all requests for the device that was in stock."""
    message = agent_sms.device_replaced(old=old, serial=new.serial, operator=unit.market.operator)
    send_sms_to(unit, customer, message, f"swapped:{old}:{new.serial}")
    for msisdn in delete_requests_for(unit.connection, new.id):
        if msisdn != customer.msisdn:
            notify_request_declined(unit, msisdn, new.serial)

"""A broken device is swapped: another from stock takes its place, with its owner, tariff and sales.

What the customer paid stays paid, credit is theirs whatever they have, and instalments buy days on
the new device from where they stood. Days the old one had left, or its unlocking, are ordered anew;
what a meter had left stands in the meter alone, and is ordered by hand. The old device is out of
use for good: it goes into no stock, and who pays for it by mistake is helped at the suspense desk.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.customer import Customer
from core.db.customers import lock_customers
from core.db.devices import get_device, lock_devices, record_replacement
from core.db.registration import devices_by_serial
from core.db.registration_requests import take_requests_for
from core.db.tariffs import versions_of
from core.db.tokens import gets_code_soon
from core.device import Device
from core.errors import Refused
from core.tokens.family import NO_TOKENS
from core.unit import Unit
from core.usecases.catalogue.access_fees import post_access_fees
from core.usecases.devices.list_devices import days_left, list_devices
from core.usecases.devices.stock import (
    check_in_service,
    ensure_no_pending_payment,
    tell_not_granted,
)
from core.usecases.messages.queue import send_sms_to
from core.usecases.operators.audit import write_audit
from core.usecases.tokens.token_orders import order_token
from core.wording.messages import agent_sms


@dataclass(frozen=True, slots=True)
class Swapped:
    """The new device's id, and which codes were ordered for it: for so many days, or to unlock."""

    device_id: int
    days: int
    is_unlocked: bool


def replace_device(unit: Unit, device_id: int, serial: str, operator: str, reason: str) -> Swapped:
    """Put the device in stock with that serial in the place of one that somebody has.

    Raises Refused: device_in_stock (nobody has the old one), not_in_stock, device_taken,
    device_retired, kind_differs, payment_waiting, token_ordered (what is about to be made for the
    old one would be lost), reason_missing, token_not_supported (days are left, or an unlocking,
    that the new device has no token for).
    """
    old, customer = _lock_old(unit, device_id)
    new_id = _new(unit, serial, old.kind)
    state = next(
        device for device in list_devices(unit, customer.id) if device.serial == old.serial
    )
    record_replacement(unit.connection, old.id, new_id, unit.today)
    is_unlocked = state.is_paid_off and _is_unlocked_by_code(unit, new_id)
    days = 0 if state.is_paid_off else days_left(unit, state)
    _order(unit, serial, days, operator, reason, unlocked=is_unlocked)
    _tell(unit, customer, old.serial, serial)
    details = {"before": old.serial, "after": serial}
    write_audit(unit, operator, "swap", "device", old.id, reason, **details)
    write_audit(unit, operator, "swap", "customer", customer.id, reason, **details)
    return Swapped(new_id, days, is_unlocked)


def _lock_old(unit: Unit, device_id: int) -> tuple[Device, Customer]:
    """The device and its owner, with nothing on its way to it and its fees written."""
    found = get_device(unit.connection, device_id)
    if found.owner_id is None:
        raise Refused("device_in_stock", serial=found.serial)
    customer = lock_customers(unit.connection, [found.owner_id])[found.owner_id]
    old = lock_devices(unit.connection, [device_id], [customer.id])[device_id]
    if old.owner_id != customer.id:
        raise Refused("device_of_another", serial=old.serial)
    ensure_no_pending_payment(unit, old.id, old.serial)
    if gets_code_soon(unit.connection, old.id):
        raise Refused("token_ordered", serial=old.serial)
    post_access_fees(unit, [old], versions_of(unit.connection, [old]))
    return old, customer


def _new(unit: Unit, serial: str, kind: str) -> int:
    """The id of the device that takes the place, locked."""
    new = devices_by_serial(unit.connection, [serial], lock=True).get(serial)
    if new is None:
        raise Refused("not_in_stock", serial=serial)
    check_in_service(new)
    if new.owner_id is not None:
        raise Refused("device_taken", serial=serial)
    if new.kind != kind:
        raise Refused("kind_differs", serial=serial, kind=new.kind, wanted=kind)
    return new.id


def _is_unlocked_by_code(unit: Unit, device_id: int) -> bool:
    """Whether a paid-off plan frees that device: a meter's is a debt and nothing more, and some
    devices take no codes."""
    device = get_device(unit.connection, device_id)
    return device.is_payg and device.token_family != NO_TOKENS


def _order(
    unit: Unit, serial: str, days: int, operator: str, reason: str, *, unlocked: bool
) -> None:
    """A worker, who holds the keys, makes the code; the owner gets it by text."""
    if unlocked:
        order_token(unit, serial, "unlock", 0, operator, reason)
    elif days:
        order_token(unit, serial, "days", days, operator, reason)


def _tell(unit: Unit, customer: Customer, old: str, new: str) -> None:
    message = agent_sms.device_replaced(old=old, serial=new, operator=unit.market.operator)
    send_sms_to(unit, customer, message, f"swapped:{old}:{new}")
    for msisdn in take_requests_for(unit.connection, new):
        if msisdn != customer.msisdn:
            tell_not_granted(unit, msisdn, new)

"""Devices in stock: whether one may be given to a customer, and what the customer is then told.

A meter that was never imported may be entered by the agent who gives it to a customer, where its
manufacturer's new meters are all alike and the number has a check digit (STS, `sts` of the
manufacturer in the catalogue). So may a device whose codes a vendor makes, once the vendor says
that it has it. A device that needs a key of its own is refused: no key is typed into a menu.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.agent import Agent
from core.appliance import StoredAppliance
from core.customer import Customer
from core.db.appliances import name_of_appliance
from core.db.customers import find_customer
from core.db.registration import devices_by_serial, insert_new_device, manufacturers_of_new_meters
from core.db.registration_requests import delete_requests_for
from core.db.serial_checks import AskedManufacturer, askable_manufacturers, state_of
from core.device import KnownDevice
from core.errors import Refused
from core.serial_number import is_meter_number
from core.unit import Unit
from core.usecases.customers.caller import read_caller
from core.usecases.devices.vendor import check_served
from core.usecases.messages.queue import Recipient, new_key, send_sms_to
from core.usecases.operators.audit import write_audit
from core.wording.messages import agent_sms


@dataclass(frozen=True, slots=True)
class NamedDevice:
    """A device as it is named before it is looked up. None: not said, so anything is accepted.

    `manufacturer` is a code.
    """

    serial: str
    kind: str | None = None
    manufacturer: str | None = None


def check_in_service(device: KnownDevice) -> None:
    """Check that a device may be given to anyone. Raises Refused("device_retired")."""
    if device.is_retired:
        raise Refused("device_retired", serial=device.serial)


def find_in_stock(unit: Unit, named: NamedDevice, *, lock: bool = False) -> KnownDevice | None:
    """Return the device in stock that is meant, or None for a new one that may be entered.

    Raises Refused: office_enters, meter_number, not_at_vendor, device_taken, device_other,
    device_retired, vendor_not_set_up.
    """
    device = devices_by_serial(unit.connection, [named.serial], lock=lock).get(named.serial)
    if device is None:
        _manufacturer_asked_for(unit, named)
        return None
    return _check_free(device, named)


def take_from_stock(unit: Unit, agent: Agent, named: NamedDevice) -> KnownDevice:
    """Return the device in stock that is meant, locked.

    A meter that was never imported is entered, with an audit row. Raises Refused as
    `find_in_stock`; VendorAsked.
    """
    device = find_in_stock(unit, named, lock=True)
    if device is not None:
        return device
    _enter(unit, agent, named.serial, _manufacturer_asked_for(unit, named, taken=True))
    entered = devices_by_serial(unit.connection, [named.serial], lock=True)[named.serial]
    return _check_free(entered, named)


def find_unassigned(unit: Unit, serial: str) -> KnownDevice | NamedDevice:
    """Return the device in stock with that serial, as in a text message; a new one that may be
    entered with its kind and manufacturer only.

    Raises Refused: office_enters, meter_number, device_taken, device_retired, vendor_not_set_up.
    """
    device = find_in_stock(unit, NamedDevice(serial))
    if device is not None:
        return device
    asked = _manufacturer_asked_for(unit, NamedDevice(serial))
    return NamedDevice(serial, asked.kind, asked.manufacturer)


def _check_free(device: KnownDevice, named: NamedDevice) -> KnownDevice:
    check_in_service(device)
    check_served(device)
    if device.owner_id is not None:
        raise Refused("device_taken", serial=device.serial)
    is_kind = named.kind in (None, device.kind)
    if not is_kind or named.manufacturer not in (None, device.manufacturer):
        raise Refused("device_other", serial=device.serial)
    return device


def find_asked_manufacturer(unit: Unit, named: NamedDevice) -> AskedManufacturer | None:
    """Return the manufacturer whose vendor can be asked whether it has that device, which is not
    registered; where none was named, the only one. None where its number alone must do."""
    found = askable_manufacturers(unit.connection, named.kind, named.manufacturer)
    alike = manufacturers_of_new_meters(unit.connection) if named.manufacturer is None else ()
    return found[0] if len(found) == 1 and not (alike and is_meter_number(named.serial)) else None


class VendorAsked(Refused):
    """A device is not registered, and its vendor has not said yet whether it has it."""


def _manufacturer_asked_for(
    unit: Unit, named: NamedDevice, *, taken: bool = False
) -> AskedManufacturer:
    """Return the manufacturer, and the kind, that a serial that is not registered may be of.

    Raises Refused: office_enters, meter_number; not_at_vendor where its vendor does not have it;
    VendorAsked where the device is to be taken and its vendor has not answered.
    """
    asked = find_asked_manufacturer(unit, named)
    if asked is None:
        return AskedManufacturer(_manufacturer_of_new(unit, named), "meter")
    state = state_of(unit.connection, named.serial, asked.manufacturer)
    if state == "not_found":
        raise Refused("not_at_vendor", serial=named.serial[:20])
    if taken and state != "found":
        raise VendorAsked("vendor_asked", serial=named.serial[:20])
    return asked


def _manufacturer_of_new(unit: Unit, named: NamedDevice) -> str:
    """Return the manufacturer whose meter a serial that is not registered may be.

    Where none was named there must be exactly one. Raises Refused: office_enters, meter_number.
    """
    manufacturers = manufacturers_of_new_meters(unit.connection)
    manufacturer = named.manufacturer
    if manufacturer is None and len(manufacturers) == 1 and named.serial.isdecimal():
        manufacturer = next(iter(manufacturers))
    if named.kind not in (None, "meter") or manufacturer not in manufacturers:
        raise Refused("office_enters", serial=named.serial[:20])
    if not is_meter_number(named.serial):
        raise Refused("meter_number", serial=named.serial[:20])
    return manufacturer


def _enter(unit: Unit, agent: Agent, serial: str, asked: AskedManufacturer) -> None:
    device_id = insert_new_device(unit.connection, serial, asked.kind, asked.manufacturer)
    if device_id is not None:
        reason = "was not imported when an agent handed it out"
        write_audit(
            unit, agent.as_operator, "enter_meter", "device", device_id, reason, serial=serial
        )


def check_product(unit: Unit, device: KnownDevice, item: StoredAppliance) -> None:
    """Check that a device is the appliance that is sold. Raises Refused: kind_differs;
    product_differs where the device is known to be another appliance."""
    if device.kind != item.kind:
        raise Refused("kind_differs", serial=device.serial, kind=device.kind, wanted=item.kind)
    if device.product_id not in (None, item.id):
        product = name_of_appliance(unit.connection, device.product_id)
        raise Refused("product_differs", serial=device.serial, product=product, appliance=item.name)


def check_sellable(unit: Unit, serial: str, item: StoredAppliance, customer: str) -> None:
    """Check that a device can be sold as that appliance to the customer with that number: it is in
    stock, or the customer's own without a plan.

    Raises Refused: not_in_stock, device_retired, vendor_not_set_up, kind_differs, product_differs,
    device_of_another, device_on_plan.
    """
    device = devices_by_serial(unit.connection, [serial]).get(serial)
    if device is None:
        raise Refused("not_in_stock", serial=serial)
    check_in_service(device)
    check_served(device)
    check_product(unit, device, item)
    buyer = find_customer(unit.connection, customer)
    if device.owner_id is not None and (buyer is None or device.owner_id != buyer.id):
        raise Refused("device_of_another", serial=serial)
    if device.is_on_plan:
        raise Refused("device_on_plan", serial=serial)


def welcome_owner(unit: Unit, customer: Customer, device: KnownDevice) -> None:
    """Welcome the new owner of a device from stock, and decline all requests for that device."""
    send_welcome(unit, customer, device.serial)
    for msisdn in delete_requests_for(unit.connection, device.id):
        if msisdn != customer.msisdn:
            notify_request_declined(unit, msisdn, device.serial)


def send_welcome(unit: Unit, customer: Customer, serial: str) -> None:
    """Send the customer an SMS: the device is theirs, and how to go on."""
    message = agent_sms.welcome(
        name=customer.name,
        serial=serial,
        operator=unit.market.operator,
        service_code=unit.market.service_code,
    )
    send_sms_to(unit, customer, message, f"welcome:{customer.id}:{serial}:{unit.now.isoformat()}")


def notify_request_declined(unit: Unit, msisdn: str, serial: str) -> None:
    """Send an SMS to a caller who does not get the device that was asked for."""
    message = agent_sms.request_refused(serial=serial, operator=unit.market.operator)
    caller = Recipient(msisdn, read_caller(unit, msisdn).language)
    send_sms_to(unit, caller, message, f"not_granted:{serial}:{new_key()}")

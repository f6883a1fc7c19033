"""Whether a device may be handed out: asked when its serial is typed, and again under a lock.

An agent may enter a meter that was never imported, where the new meters of its manufacturer are all
alike and the number checks itself (STS, `sts` of the manufacturer in the catalogue). A device that
needs a key of its own is refused: a key is never typed into a menu.
"""

from __future__ import annotations

from datetime import timedelta

from core.agent import Agent
from core.customer import Customer
from core.db.customers import find_customer
from core.db.registration import devices_by_serial, insert_new_meter, manufacturers_of_new_meters
from core.db.registration_requests import take_requests_for
from core.db.sales import has_waiting_payment
from core.device import KnownDevice
from core.errors import Refused
from core.serial_number import is_meter_number
from core.unit import Unit
from core.usecases.customers.caller import read_caller
from core.usecases.messages.queue import queue_sms, send_sms_to
from core.usecases.operators.audit import write_audit
from core.wording.messages import agent_sms


def check_in_service(device: KnownDevice) -> None:
    """Before a device goes into anybody's hands. Raises Refused("device_retired")."""
    if device.is_retired:
        raise Refused("device_retired", serial=device.serial)


def find_in_stock(unit: Unit, serial: str, kind: str, manufacturer: str) -> KnownDevice | None:
    """The device of that kind and manufacturer; None for a meter that may be entered.

    Raises Refused office_enters, meter_number, device_taken, device_other, device_retired.
    """
    device = devices_by_serial(unit.connection, [serial]).get(serial)
    if device is None:
        _check_new(unit, serial, kind, manufacturer)
        return None
    return _free(device, kind, manufacturer)


def take_from_stock(
    unit: Unit, agent: Agent, serial: str, kind: str, manufacturer: str
) -> KnownDevice:
    """The same, locked; a meter that was never imported is entered, and that is noted."""
    if find_in_stock(unit, serial, kind, manufacturer) is None:
        _enter(unit, agent, serial, manufacturer)
    return _free(
        devices_by_serial(unit.connection, [serial], lock=True)[serial], kind, manufacturer
    )


def is_in_stock(unit: Unit, serial: str) -> bool:
    """Whether it is a device that nobody has."""
    device = devices_by_serial(unit.connection, [serial]).get(serial)
    return device is not None and device.owner_id is None and not device.is_retired


def find_unassigned(unit: Unit, serial: str) -> tuple[str, str]:
    """(kind, manufacturer) of what may be handed out under that serial alone, as in a text.

    Raises Refused office_enters, meter_number, device_taken, device_retired.
    """
    device = devices_by_serial(unit.connection, [serial]).get(serial)
    if device is not None:
        _free(device, device.kind, device.manufacturer)
        return device.kind, device.manufacturer
    manufacturers = manufacturers_of_new_meters(unit.connection)
    manufacturer = (
        next(iter(manufacturers)) if len(manufacturers) == 1 and serial.isdecimal() else ""
    )
    _check_new(unit, serial, "meter", manufacturer)
    return "meter", manufacturer


def _free(device: KnownDevice, kind: str, manufacturer: str) -> KnownDevice:
    check_in_service(device)
    if device.owner_id is not None:
        raise Refused("device_taken", serial=device.serial)
    if device.kind != kind or device.manufacturer != manufacturer:
        raise Refused("device_other", serial=device.serial)
    return device


def _check_new(unit: Unit, serial: str, kind: str, manufacturer: str) -> None:
    if kind != "meter" or manufacturer not in manufacturers_of_new_meters(unit.connection):
        raise Refused("office_enters", serial=serial[:20])
    if not is_meter_number(serial):
        raise Refused("meter_number", serial=serial[:20])


def _enter(unit: Unit, agent: Agent, serial: str, manufacturer: str) -> None:
    device_id = insert_new_meter(unit.connection, serial, manufacturer)
    if device_id is not None:
        reason = "was not imported when an agent handed it out"
        write_audit(unit, agent.msisdn, "enter_meter", "device", device_id, reason, serial=serial)


def check_sellable(unit: Unit, serial: str, kind: str, customer: str) -> None:
    """A device in stock, or the customer's own without a plan, can be sold to that number.

    Raises Refused not_in_stock, device_retired, kind_differs, device_of_another, device_on_plan.
    """
    device = devices_by_serial(unit.connection, [serial]).get(serial)
    if device is None:
        raise Refused("not_in_stock", serial=serial)
    check_in_service(device)
    if device.kind != kind:
        raise Refused("kind_differs", serial=serial)
    buyer = find_customer(unit.connection, customer)
    if device.owner_id is not None and (buyer is None or device.owner_id != buyer.id):
        raise Refused("device_of_another", serial=serial)
    if device.taken:
        raise Refused("device_on_plan", serial=serial)


def hand_over(unit: Unit, customer: Customer, serial: str) -> None:
    """Welcome the owner, and end every request for that device."""
    tell_welcome(unit, customer, serial)
    for msisdn in take_requests_for(unit.connection, serial):
        if msisdn != customer.msisdn:
            tell_not_granted(unit, msisdn, serial)


def tell_welcome(unit: Unit, customer: Customer, serial: str) -> None:
    """Text the customer that the device is theirs, and how to go on."""
    message = agent_sms.welcome(
        name=customer.name,
        serial=serial,
        operator=unit.market.operator,
        service_code=unit.market.service_code,
    )
    send_sms_to(unit, customer, message, f"welcome:{customer.id}:{serial}:{unit.now.isoformat()}")


def tell_not_granted(unit: Unit, msisdn: str, serial: str) -> None:
    """Tell somebody that they will not get the device they asked for."""
    queue_sms(
        unit,
        agent_sms.request_refused(serial=serial, operator=unit.market.operator),
        msisdn=msisdn,
        language=read_caller(unit, msisdn).language,
        dedupe_key=f"not_granted:{msisdn}:{serial}:{unit.now.isoformat()}",
    )


# Until then whoever was shown a prompt has answered it, or the network has for them.
_ANSWERED_WITHIN = timedelta(minutes=10)


def ensure_no_pending_payment(unit: Unit, device_id: int, serial: str) -> None:
    """Before a locked device changes hands. Raises Refused("payment_waiting") while a payment for
    it waits to be applied, or somebody may be approving one on the phone."""
    if has_waiting_payment(unit.connection, device_id, unit.now - _ANSWERED_WITHIN):
        raise Refused("payment_waiting", serial=serial)

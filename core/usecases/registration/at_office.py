"""An operator registers a customer and a device in one act: both, or neither (domain 2).

The device comes from stock. A meter goes with a tariff; a kit or an e-bike with a sale, whose plan
the operator has seen. An agent does the same from a phone, with a PIN (register_with_device).
"""

from __future__ import annotations

from dataclasses import dataclass

from core.db.registration import devices_by_serial, give_devices, set_tariff
from core.errors import Refused
from core.unit import Unit
from core.usecases.devices.stock import check_in_service, hand_over
from core.usecases.operators.audit import write_audit
from core.usecases.registration.by_agent import find_or_register
from core.usecases.sales.offer import Terms
from core.usecases.sales.sell import write_sale


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """Whom an operator registers. An empty name means that the number must be known."""

    msisdn: str
    name: str = ""
    surname: str = ""
    village: str = ""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class MeterHandover:
    """A meter from stock; `tariff` is a code, None where one is set on it already."""

    serial: str
    tariff: str | None


@dataclass(frozen=True, slots=True)
class SaleHandover:
    """A kit or an e-bike from stock, on the terms that were agreed."""

    serial: str
    terms: Terms


def register_by_operator(
    unit: Unit, operator: str, person: NewCustomer, device: MeterHandover | SaleHandover | None
) -> int:
    """The customer's id. Without a device it is a new customer alone.

    Raises Refused like find_or_register and write_sale, and: name_missing, not_in_stock,
    not_a_meter, device_taken, device_retired, tariff_needed.
    """
    if device is None and not person.name:
        raise Refused("name_missing")
    customer = find_or_register(
        unit, person.msisdn, person.name, person.surname, person.village, person.language
    )
    if isinstance(device, SaleHandover):
        reference = f"desk:{device.serial}:{unit.now.isoformat()}"
        write_sale(unit, person.msisdn, device.terms, device.serial, reference)
    elif device is not None:
        _give_meter(unit, customer.id, device)
    serial = device.serial if device else None
    if serial:
        hand_over(unit, customer, serial)
    write_audit(
        unit, operator, "register", "customer", customer.id, "registered at the desk", serial=serial
    )
    return customer.id


def _give_meter(unit: Unit, customer_id: int, handover: MeterHandover) -> None:
    meter = devices_by_serial(unit.connection, [handover.serial], lock=True).get(handover.serial)
    if meter is None:
        raise Refused("not_in_stock", serial=handover.serial)
    if meter.kind != "meter":
        raise Refused("not_a_meter", serial=handover.serial)
    check_in_service(meter)
    if meter.owner_id is not None:
        raise Refused("device_taken", serial=handover.serial)
    if handover.tariff is None and meter.tariff is None:
        raise Refused("tariff_needed")
    if handover.tariff is not None:
        set_tariff(unit.connection, meter.id, handover.tariff)
    give_devices(unit.connection, [(meter.id, customer_id, unit.today)])

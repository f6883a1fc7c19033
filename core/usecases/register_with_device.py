"""An agent registers a customer and a device in one act: both, or neither (domain 2).

A known number gets the device added to its customer. A device in stock is handed over; a kit or an
e-bike goes with a plan, a meter with a tariff.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.db.customers import find_customer
from core.db.registration import KnownDevice, devices_by_serial, give_devices, set_tariff
from core.errors import Refused
from core.money import Money
from core.unit import Unit
from core.usecases.check_pin import check_pin
from core.usecases.entries import RefusedEntries
from core.usecases.register_customers import CustomerEntry, register_customers
from core.usecases.sell_appliance import Plan, write_sale
from core.usecases.texts import queue_text
from core.wording.messages import agent_sms


@dataclass(frozen=True, slots=True)
class RegisteredDevice:
    """The serial that is in the customer's hands now."""

    serial: str


def register_meter(
    unit: Unit,
    msisdn: str,
    pin: str,
    phone: str,
    name: str,
    surname: str,
    village: str,
    maker: str,
    serial: str,
    tariff: str,
) -> RegisteredDevice | Refused:
    """A customer with a meter. An empty name means that the number must be known."""
    agent = check_pin(unit, msisdn, pin)
    if isinstance(agent, Refused):
        return agent
    customer_id = _customer(unit, phone, name, surname, village)
    device = _from_stock(unit, serial, "meter", maker)
    set_tariff(unit.connection, device.id, tariff)
    give_devices(unit.connection, [(device.id, customer_id, unit.today)])
    _welcome(unit, phone, serial)
    return RegisteredDevice(serial)


def register_on_plan(
    unit: Unit,
    msisdn: str,
    pin: str,
    phone: str,
    name: str,
    surname: str,
    village: str,
    kind: str,
    maker: str,
    serial: str,
    appliance: str,
    scheme: str,
    figure: int | Money,
    cadence: str,
    down: int | Money,
    once: str,
) -> RegisteredDevice | Refused:
    """A customer with a kit or an e-bike on a plan."""
    agent = check_pin(unit, msisdn, pin)
    if isinstance(agent, Refused):
        return agent
    _customer(unit, phone, name, surname, village)
    _from_stock(unit, serial, kind, maker)
    plan = Plan(appliance, scheme, figure, cadence, down, serial)
    write_sale(unit, agent, phone, plan, once)
    _welcome(unit, phone, serial)
    return RegisteredDevice(serial)


def _customer(unit: Unit, phone: str, name: str, surname: str, village: str) -> int:
    if name:
        entry = CustomerEntry(phone, name, surname, village or None)
        try:
            register_customers(unit, [entry])
        except RefusedEntries as refused:
            raise refused.refusals[0][1] from None
    customer = find_customer(unit.connection, phone)
    if customer is None:
        raise Refused("customer_unknown", msisdn=phone)
    return customer.id


def _from_stock(unit: Unit, serial: str, kind: str, maker: str) -> KnownDevice:
    """The device, locked. Raises Refused not_in_stock, kind_other, maker_other, device_taken."""
    device = devices_by_serial(unit.connection, [serial], lock=True).get(serial)
    if device is None:
        raise Refused("not_in_stock", serial=serial)
    if device.owner_id is not None:
        raise Refused("device_taken", serial=serial)
    if device.kind != kind or device.manufacturer != maker:
        raise Refused("device_other", serial=serial)
    return device


def _welcome(unit: Unit, phone: str, serial: str) -> None:
    customer = find_customer(unit.connection, phone)
    if customer is None or customer.msisdn is None:
        return
    queue_text(
        unit,
        agent_sms.welcome(
            name=customer.name,
            serial=serial,
            operator=unit.market.operator,
            code=unit.market.service_code,
        ),
        msisdn=customer.msisdn,
        language=customer.language,
        occasion=f"welcome:{customer.id}:{serial}",
    )

"""An agent registers a customer and a device in one act: both, or neither.

A known number gets the device added to its customer. A new customer is written to in the language
of the agent. The device comes from stock, or is a new meter that its number alone describes. A
meter goes with a tariff, a solar home system or an e-bike with a sale.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.agent import Agent
from core.customer import Customer
from core.db.registration import give_devices, set_tariff
from core.errors import Refused
from core.ownership import Handover
from core.unit import Unit
from core.usecases.agents.notify_agent import notify_registered
from core.usecases.agents.pin import check_pin
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.devices.stock import NamedDevice, VendorAsked, take_from_stock, welcome_owner
from core.usecases.registration.ask_vendor import keep_waiting
from core.usecases.registration.new_customer import find_or_register
from core.usecases.sales.sell import NewSale, sell_allowed


@dataclass(frozen=True, slots=True)
class NewMeter:
    """A meter that is given to a customer. `tariff` is a code; None where one is set on it."""

    device: NamedDevice
    tariff: str | None


@dataclass(frozen=True, slots=True)
class RegisteredDevice:
    """The serial of the device that the customer has now.

    `is_waiting`: the customer gets it once its vendor says that it has it.
    """

    serial: str
    is_waiting: bool = False


def register_meter(
    unit: Unit, msisdn: str, pin: str, customer: NewCustomer, meter: NewMeter
) -> RegisteredDevice | Refused:
    """Register a customer with a meter. Returns Refused for a wrong PIN.

    Where the vendor of the meter has not said yet whether it has it, the registration waits.
    `msisdn` is the agent's number. Raises Refused as `find_or_register` and `take_from_stock`.
    """
    agent = check_pin(unit, msisdn, pin)
    if isinstance(agent, Refused):
        return agent
    try:
        with unit.connection.begin_nested():
            owner = find_or_register(unit, replace(customer, language=agent.language))
            return give_meter(unit, agent, owner, meter)
    except VendorAsked:
        keep_waiting(unit, agent, customer, meter.device, meter.tariff, None)
        return RegisteredDevice(meter.device.serial, is_waiting=True)


def give_meter(unit: Unit, agent: Agent, owner: Customer, meter: NewMeter) -> RegisteredDevice:
    """Give a meter from stock to a customer, and send an SMS to both customer and agent.

    Raises Refused as `take_from_stock`.
    """
    device = take_from_stock(unit, agent, meter.device)
    if meter.tariff is not None:
        set_tariff(unit.connection, device.id, meter.tariff)
    handover = Handover(device.id, owner.id, unit.now, "registration")
    give_devices(unit.connection, [(handover, unit.today)], unit.today)
    welcome_owner(unit, owner, device)
    notify_registered(unit, agent, owner, device.serial)
    return RegisteredDevice(device.serial)


def register_on_plan(
    unit: Unit, msisdn: str, pin: str, customer: NewCustomer, sale: NewSale, once: str
) -> RegisteredDevice | Refused:
    """Register a customer with a device on a plan or by the day. Returns Refused for a wrong PIN.

    Where the vendor of the device has not said yet whether it has it, the registration waits.
    `msisdn` is the agent's number, `once` names the USSD turn. Raises Refused: serial_needed, and
    as `find_or_register`, `take_from_stock` and `sell_allowed`.
    """
    agent = check_pin(unit, msisdn, pin)
    if isinstance(agent, Refused):
        return agent
    if sale.device is None:
        raise Refused("serial_needed", kind=sale.terms.appliance)
    try:
        with unit.connection.begin_nested():
            owner = find_or_register(unit, replace(customer, language=agent.language))
            return sell_from_stock(unit, agent, owner, sale, once)
    except VendorAsked:
        keep_waiting(unit, agent, customer, sale.device, None, sale.terms)
        return RegisteredDevice(sale.device.serial, is_waiting=True)


def sell_from_stock(
    unit: Unit, agent: Agent, owner: Customer, sale: NewSale, once: str
) -> RegisteredDevice:
    """Sell a device from stock to a customer, and send an SMS to both customer and agent.

    Raises Refused: serial_needed, and as `take_from_stock` and `sell_allowed`.
    """
    if sale.device is None:
        raise Refused("serial_needed", kind=sale.terms.appliance)
    device = take_from_stock(unit, agent, sale.device)
    welcome_owner(unit, owner, device)
    sell_allowed(unit, agent, owner, sale.terms, device, once)
    notify_registered(unit, agent, owner, device.serial)
    return RegisteredDevice(device.serial)

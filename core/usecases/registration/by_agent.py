"""An agent registers a customer and a device in one act: both, or neither (domain 2).

A known number gets the device added to its customer; a new customer is written to in the language
the agent speaks with them. A device in stock is handed over, or a meter that its number alone
describes; a kit or an e-bike goes with a plan, a meter with a tariff.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.customer import Customer
from core.db.customers import find_customer
from core.db.registration import give_devices, set_tariff
from core.errors import Refused
from core.money import Money
from core.unit import Unit
from core.usecases.agents.notify_agent import notify_registered
from core.usecases.agents.pin import check_pin
from core.usecases.catalogue.choices import find_village
from core.usecases.customers.register_customers import CustomerEntry, register_customers
from core.usecases.devices.stock import hand_over, take_from_stock
from core.usecases.operators.bulk import RefusedEntries
from core.usecases.sales.offer import Terms
from core.usecases.sales.sell import sell_by_agent


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
    manufacturer: str,
    serial: str,
    tariff: str,
) -> RegisteredDevice | Refused:
    """A customer with a meter. An empty name means that the number must be known.

    Answers Refused for a wrong PIN; raises Refused like `take_from_stock`, and customer_unknown,
    village_unknown, differs.
    """
    agent = check_pin(unit, msisdn, pin)
    if isinstance(agent, Refused):
        return agent
    customer = find_or_register(unit, phone, name, surname, village, agent.language)
    device = take_from_stock(unit, agent, serial, "meter", manufacturer)
    set_tariff(unit.connection, device.id, tariff)
    give_devices(unit.connection, [(device.id, customer.id, unit.today)])
    hand_over(unit, customer, serial)
    notify_registered(unit, agent, customer, serial)
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
    manufacturer: str,
    serial: str,
    appliance: str,
    scheme: str,
    figure: int | Money,
    cadence: str,
    down: int | Money,
    once: str,
) -> RegisteredDevice | Refused:
    """A customer with a kit or an e-bike, on a plan or by the day.

    Refuses like `register_meter` and `sell_by_agent`.
    """
    agent = check_pin(unit, msisdn, pin)
    if isinstance(agent, Refused):
        return agent
    customer = find_or_register(unit, phone, name, surname, village, agent.language)
    take_from_stock(unit, agent, serial, kind, manufacturer)
    hand_over(unit, customer, serial)
    sell_by_agent(unit, agent, phone, Terms(appliance, scheme, figure, cadence, down), serial, once)
    notify_registered(unit, agent, customer, serial)
    return RegisteredDevice(serial)


def find_or_register(
    unit: Unit, phone: str, name: str, surname: str, village: str, language: str | None = None
) -> Customer:
    """The customer behind a number, registered now where a name is given.

    Raises Refused customer_unknown, village_unknown, and `differs` when somebody else got there
    first with another name.
    """
    if name:
        code = find_village(unit, village) if village else None
        entry = CustomerEntry(phone, name, surname, code, language)
        try:
            register_customers(unit, [entry])
        except RefusedEntries as refused:
            raise refused.refusals[0][1] from None
    customer = find_customer(unit.connection, phone)
    if customer is None:
        raise Refused("customer_unknown", msisdn=phone)
    return customer

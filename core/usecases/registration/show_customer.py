"""A customer with debts, devices and sales, for the console and the command line. Only reads."""

from __future__ import annotations

from dataclasses import dataclass

from core.db.console.customers import (
    CustomerDetails,
    CustomerDevice,
    devices_of_customer,
    find_customer_details,
)
from core.db.console.sales import CustomerSale, sales_of_customer
from core.db.customers import find_customer
from core.db.devices import device_states
from core.device import DeviceState
from core.errors import Refused
from core.unit import Unit
from core.usecases.sales.debts import Debts, list_debts


@dataclass(frozen=True, slots=True)
class CustomerOverview:
    """A customer with all open debts (the oldest first), devices and sales.

    `device_states` has the same devices with what is left to pay on each.
    """

    customer: CustomerDetails
    debts: Debts
    devices: list[CustomerDevice]
    device_states: list[DeviceState]
    sales: list[CustomerSale]


def find_customer_overview(unit: Unit, customer_id: int) -> CustomerOverview | None:
    """Return the customer with that id."""
    connection = unit.connection
    customer = find_customer_details(connection, customer_id)
    if customer is None:
        return None
    return CustomerOverview(
        customer,
        list_debts(unit, customer_id),
        devices_of_customer(connection, customer_id),
        device_states(connection, customer_id),
        sales_of_customer(connection, customer_id),
    )


def show_customer(unit: Unit, msisdn: str) -> CustomerOverview:
    """Return the customer with that E.164 number. Raises Refused("customer_unknown")."""
    customer = find_customer(unit.connection, msisdn)
    overview = find_customer_overview(unit, customer.id) if customer else None
    if overview is None:
        raise Refused("customer_unknown", msisdn=msisdn)
    return overview

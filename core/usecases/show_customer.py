"""What a customer owes and has, for an operator. Only reads."""

from __future__ import annotations

from dataclasses import dataclass

from core.db.customers import Customer, find_customer
from core.db.device_states import DeviceState, device_states
from core.errors import Refused
from core.unit import Unit
from core.usecases.list_debts import Debts, list_debts


@dataclass(frozen=True, slots=True)
class CustomerStory:
    """A customer with all open debts, the oldest first, and their devices."""

    customer: Customer
    debts: Debts
    devices: list[DeviceState]


def show_customer(unit: Unit, msisdn: str) -> CustomerStory:
    """The customer who holds that E.164 number. Raises Refused("customer_unknown")."""
    customer = find_customer(unit.connection, msisdn)
    if customer is None:
        raise Refused("customer_unknown", msisdn=msisdn)
    return CustomerStory(
        customer, list_debts(unit, customer.id), device_states(unit.connection, customer.id)
    )

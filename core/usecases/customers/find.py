"""Find a registered customer."""

from __future__ import annotations

from core.customer import Customer
from core.db.customers import find_customer
from core.errors import Refused
from core.unit import Unit


def get_known(unit: Unit, phone: str) -> Customer:
    """Return the customer with that number. Raises Refused("customer_unknown")."""
    customer = find_customer(unit.connection, phone)
    if customer is None:
        raise Refused("customer_unknown", msisdn=phone)
    return customer

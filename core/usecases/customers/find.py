"""Find the customer who has a phone number."""

from __future__ import annotations

from core.customer import Customer
from core.db.customers import find_customer
from core.errors import Refused
from core.unit import Unit


def get_known(unit: Unit, phone: str, *, lock: bool = False) -> Customer:
    """Return the customer with that number. Raises Refused("customer_unknown")."""
    customer = find_customer(unit.connection, phone, lock=lock)
    if customer is None:
        raise Refused("customer_unknown", msisdn=phone)
    return customer

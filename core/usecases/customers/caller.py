"""Who is calling: a customer, an agent or a stranger, and in which language to answer."""

from __future__ import annotations

from dataclasses import dataclass

from core.customer import Customer
from core.db.customers import find_caller, find_customer, set_language
from core.errors import Refused
from core.unit import Unit


@dataclass(frozen=True, slots=True)
class Caller:
    """`role`: "customer", "agent" or "stranger"; `id`: the row of the first two, else 0.
    `has_first_pin`: an agent who still has the PIN that the operator gave out."""

    role: str
    id: int
    name: str
    language: str
    has_first_pin: bool = False


def read_caller(unit: Unit, msisdn: str) -> Caller:
    """Return who has that E.164 number. An agent who is also a customer is met as an agent."""
    known = find_caller(unit.connection, msisdn)
    if known is None:
        return Caller("stranger", 0, "", unit.market.default_language)
    role, row_id, name, language, has_first_pin = known
    return Caller(role, row_id, name, language or unit.market.default_language, has_first_pin)


def customer_behind(unit: Unit, msisdn: str) -> int:
    """Return the customer who has this number, agent or not. Raises Refused("not_a_customer")."""
    customer = find_customer(unit.connection, msisdn)
    if customer is None:
        raise Refused("not_a_customer")
    return customer.id


@dataclass(frozen=True, slots=True)
class Chosen:
    """The language used from now on."""

    language: str


def choose_language(unit: Unit, msisdn: str, language: str) -> Chosen:
    """Store the language of this number. Raises Refused("language_unknown")."""
    if language not in unit.market.languages:
        raise Refused("language_unknown")
    set_language(unit.connection, msisdn, language, unit.now)
    return Chosen(language)


def get_known(unit: Unit, phone: str, *, lock: bool = False) -> Customer:
    """Return the customer with that number. Raises Refused("customer_unknown")."""
    customer = find_customer(unit.connection, phone, lock=lock)
    if customer is None:
        raise Refused("customer_unknown", msisdn=phone)
    return customer

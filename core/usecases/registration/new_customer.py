"""The customer of a registration: known by number, or registered now."""

from __future__ import annotations

from dataclasses import replace

from core.customer import Customer
from core.db.registration import customers_by_msisdn
from core.errors import Refused
from core.unit import Unit
from core.usecases.catalogue.choices import find_village
from core.usecases.customers.caller import read_caller
from core.usecases.customers.register_customers import NewCustomer, check_same, register_customer


def find_or_register(unit: Unit, entry: NewCustomer, *, keep_known: bool = False) -> Customer:
    """Return the customer with that number, locked; registered now where a name is given.

    `keep_known`: a known customer keeps the name and village on record, whatever is given. Without
    a language, a new customer gets the one the number chose. Raises Refused: customer_unknown,
    village_unknown, language_unknown; differs, where the number is a customer's with another name.
    """
    known = customers_by_msisdn(unit.connection, [entry.msisdn], lock=True).get(entry.msisdn)
    if known is not None and (keep_known or not entry.name):
        return known
    if not entry.name:
        raise Refused("customer_unknown", msisdn=entry.msisdn)
    entry = replace(entry, village=find_village(unit, entry.village) if entry.village else None)
    if known is not None:
        check_same(known, entry)
        return known
    language = entry.language or read_caller(unit, entry.msisdn).language
    return register_customer(unit, replace(entry, language=language))

"""Register customers by number. An existing customer stays as is, or is refused if different."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from core.customer import Customer, KnownCustomer
from core.db.bulk import Values
from core.db.customers import get_customer
from core.db.registration import customers_by_msisdn, ids_by_code, insert_customers
from core.db.tables.customers import villages
from core.errors import Refused
from core.unit import Unit
from core.usecases.operators.bulk import (
    Progress,
    Registered,
    check_unchanged,
    no_progress,
    validate_each,
    write_in_batches,
)


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """A customer to register. `village` is a code, empty for none.

    `language` None means the market's first. An empty name means that the number must be known.
    """

    msisdn: str
    name: str = ""
    surname: str = ""
    village: str | None = None
    language: str | None = None


def register_customers(
    unit: Unit, entries: Sequence[NewCustomer], progress: Progress = no_progress
) -> Registered:
    """Register those whose number is new; no number may be given twice.

    Return how many were new, and how many were known. Raises RefusedEntries with village_unknown,
    language_unknown, differs.
    """
    village_ids = ids_by_code(unit.connection, villages, {e.village for e in entries if e.village})
    known = customers_by_msisdn(unit.connection, [entry.msisdn for entry in entries])

    def decide(entry: NewCustomer) -> Values | None:
        row = _row(unit, entry, village_ids)
        if entry.msisdn not in known:
            return row
        check_same(known[entry.msisdn], entry)
        return None

    new = [row for row in validate_each(entries, decide) if row is not None]
    write_in_batches(new, partial(insert_customers, unit.connection), progress)
    return Registered(len(new), len(entries) - len(new))


def register_customer(unit: Unit, entry: NewCustomer) -> Customer:
    """Register a customer whose number is new. Raises Refused: village_unknown,
    language_unknown."""
    named = [entry.village] if entry.village else []
    row = _row(unit, entry, ids_by_code(unit.connection, villages, named))
    (customer_id,) = insert_customers(unit.connection, [row])
    return get_customer(unit.connection, customer_id)


def check_same(known: KnownCustomer, entry: NewCustomer) -> None:
    """Check that an entry says the same of a known customer. Raises Refused("differs").

    The language is never compared: customers change it from their phones.
    """
    check_unchanged("name", known.name, entry.name)
    check_unchanged("surname", known.surname, entry.surname)
    check_unchanged("village", known.village, entry.village or None)


def _row(unit: Unit, entry: NewCustomer, village_ids: dict[str, int]) -> Values:
    if entry.village and entry.village not in village_ids:
        raise Refused("village_unknown", village=entry.village)
    language = entry.language or unit.market.default_language
    if language not in unit.market.languages:
        languages = ", ".join(unit.market.languages)
        raise Refused("language_unknown", language=language, languages=languages)
    return {
        "msisdn": entry.msisdn,
        "name": entry.name,
        "surname": entry.surname,
        "village_id": village_ids[entry.village] if entry.village else None,
        "language": language,
        "created_at": unit.now,
    }

"""Register customers by number. An existing customer stays as is, or is refused if different."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

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
class CustomerEntry:
    """A customer to register. `village` is a code; `language` None means the market's first.

    The language of an existing customer is never compared: customers change it themselves.
    """

    msisdn: str
    name: str
    surname: str
    village: str | None = None
    language: str | None = None


def register_customers(
    unit: Unit, entries: Sequence[CustomerEntry], progress: Progress = no_progress
) -> Registered:
    """Register those whose number is new; no number may be given twice.

    Raises RefusedEntries with village_unknown, language_unknown, differs.
    """
    places = ids_by_code(unit.connection, villages, {e.village for e in entries if e.village})
    known = customers_by_msisdn(unit.connection, [entry.msisdn for entry in entries])

    def decide(entry: CustomerEntry) -> dict[str, Any] | None:
        if entry.village and entry.village not in places:
            raise Refused("village_unknown", village=entry.village)
        language = entry.language or unit.market.default_language
        if language not in unit.market.languages:
            raise Refused(
                "language_unknown", language=language, languages=", ".join(unit.market.languages)
            )
        if entry.msisdn in known:
            for field in ("name", "surname", "village"):
                check_unchanged(field, getattr(known[entry.msisdn], field), getattr(entry, field))
            return None
        return {
            "msisdn": entry.msisdn,
            "name": entry.name,
            "surname": entry.surname,
            "village_id": places[entry.village] if entry.village else None,
            "language": language,
            "created_at": unit.now,
        }

    new = [row for row in validate_each(entries, decide) if row is not None]
    write_in_batches(new, partial(insert_customers, unit.connection), progress)
    return Registered(len(new), len(entries) - len(new))

"""An operator puts a customer's details right: a further number, the village, the language."""

from __future__ import annotations

from core.db.console_customers import insert_number, lock_person, set_person
from core.db.registration import ids_by_code
from core.db.rows.people import villages
from core.errors import Refused
from core.unit import Unit
from core.usecases.audit import note_act


def add_number(unit: Unit, customer_id: int, msisdn: str, who: str) -> None:
    """A further number of a customer. Raises Refused: customer_missing, number_taken."""
    if not lock_person(unit.connection, customer_id):
        raise Refused("customer_missing")
    if not insert_number(unit.connection, customer_id, msisdn):
        raise Refused("number_taken", msisdn=msisdn)
    note_act(unit, who, "add_number", "customer", customer_id, "a further number", msisdn=msisdn)


def edit_customer(
    unit: Unit, customer_id: int, name: str, surname: str, village: str, language: str, who: str
) -> None:
    """Write name, village (a code, or none) and language anew. Raises Refused: customer_missing,
    name_missing, village_unknown, language_unknown."""
    if not name.strip():
        raise Refused("name_missing")
    if language not in unit.market.languages:
        spoken = ", ".join(unit.market.languages)
        raise Refused("language_unknown", language=language, languages=spoken)
    village_id = ids_by_code(unit.connection, villages, [village]).get(village)
    if village and village_id is None:
        raise Refused("village_unknown", village=village)
    details = {
        "name": name.strip(),
        "surname": surname.strip(),
        "village_id": village_id,
        "language": language,
    }
    if not lock_person(unit.connection, customer_id):
        raise Refused("customer_missing")
    set_person(unit.connection, customer_id, details)
    note_act(unit, who, "edit", "customer", customer_id, "details put right", **details)

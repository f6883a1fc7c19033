"""An operator corrects a customer's details: numbers, village, language."""

from __future__ import annotations

from core.db.customers import (
    delete_number,
    insert_number,
    lock_customer,
    numbers_of,
    set_first_number,
    update_customer,
)
from core.db.registration import ids_by_code
from core.db.tables.customers import villages
from core.errors import Refused
from core.unit import Unit
from core.usecases.operators.audit import write_audit


def add_number(unit: Unit, customer_id: int, msisdn: str, operator: str) -> None:
    """Add a further number of a customer. Raises Refused: customer_missing, number_taken."""
    if not lock_customer(unit.connection, customer_id):
        raise Refused("customer_missing")
    if not insert_number(unit.connection, customer_id, msisdn):
        raise Refused("number_taken", msisdn=msisdn)
    write_audit(
        unit, operator, "add_number", "customer", customer_id, "a further number", msisdn=msisdn
    )


def remove_number(unit: Unit, customer_id: int, msisdn: str, operator: str, reason: str) -> None:
    """Remove a number from a customer; another customer may get it later.

    What was sent to it stays in the customer's history. Raises Refused: customer_missing,
    number_not_theirs, number_last, reason_missing.
    """
    numbers = _lock_numbers(unit, customer_id, msisdn)
    if len(numbers) == 1:
        raise Refused("number_last")
    delete_number(unit.connection, customer_id, msisdn, unit.now)
    write_audit(unit, operator, "remove_number", "customer", customer_id, reason, msisdn=msisdn)


def put_number_first(unit: Unit, customer_id: int, msisdn: str, operator: str, reason: str) -> None:
    """Make one of the customer's numbers the one that SMS, tokens among them, go to.

    Raises Refused: customer_missing, number_not_theirs, reason_missing.
    """
    before = _lock_numbers(unit, customer_id, msisdn)[0]
    set_first_number(unit.connection, customer_id, msisdn)
    write_audit(
        unit, operator, "first_number", "customer", customer_id, reason, before=before, after=msisdn
    )


def _lock_numbers(unit: Unit, customer_id: int, msisdn: str) -> list[str]:
    """Lock the customer and return their numbers."""
    if not lock_customer(unit.connection, customer_id):
        raise Refused("customer_missing")
    numbers = numbers_of(unit.connection, customer_id)
    if msisdn not in numbers:
        raise Refused("number_not_theirs", msisdn=msisdn)
    return numbers


def edit_customer(
    unit: Unit,
    customer_id: int,
    name: str,
    surname: str,
    village: str,
    language: str,
    operator: str,
) -> None:
    """Change name, village (a code, or none) and language.

    Raises Refused: customer_missing, name_missing, village_unknown, language_unknown.
    """
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
    if not lock_customer(unit.connection, customer_id):
        raise Refused("customer_missing")
    update_customer(unit.connection, customer_id, details)
    write_audit(unit, operator, "edit", "customer", customer_id, "details put right", **details)

"""An operator corrects a customer's details: numbers, village, language."""

from __future__ import annotations

from dataclasses import dataclass

from core.db.customers import (
    changed_columns,
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
    write_audit(unit, operator, "add_number", "customer", customer_id, "a further number")


def remove_number(unit: Unit, customer_id: int, msisdn: str, operator: str, reason: str) -> None:
    """Remove a number from a customer; another customer may get it later.

    What was sent to it stays in the customer's history. Raises Refused: customer_missing,
    number_not_theirs, number_last, reason_missing.
    """
    numbers = _lock_numbers(unit, customer_id, msisdn)
    if len(numbers) == 1:
        raise Refused("number_last")
    past_id = delete_number(unit.connection, customer_id, msisdn, unit.now)
    write_audit(
        unit, operator, "remove_number", "customer", customer_id, reason, past_number=past_id
    )


def put_number_first(unit: Unit, customer_id: int, msisdn: str, operator: str, reason: str) -> None:
    """Make one of the customer's numbers the one that SMS, tokens among them, go to.

    Raises Refused: customer_missing, number_not_theirs, reason_missing.
    """
    _lock_numbers(unit, customer_id, msisdn)
    set_first_number(unit.connection, customer_id, msisdn)
    write_audit(unit, operator, "set_sms_number", "customer", customer_id, reason)


def _lock_numbers(unit: Unit, customer_id: int, msisdn: str) -> list[str]:
    """Lock the customer and return their numbers."""
    if not lock_customer(unit.connection, customer_id):
        raise Refused("customer_missing")
    numbers = numbers_of(unit.connection, customer_id)
    if msisdn not in numbers:
        raise Refused("number_not_theirs", msisdn=msisdn)
    return numbers


@dataclass(frozen=True, slots=True)
class CustomerEdit:
    """What an operator may correct of a customer. `village` is a code, empty for none."""

    name: str
    surname: str
    village: str
    language: str


def edit_customer(unit: Unit, customer_id: int, edit: CustomerEdit, operator: str) -> None:
    """Change name, village and language.

    Raises Refused: customer_missing, name_missing, village_unknown, language_unknown.
    """
    columns = _columns(unit, edit)
    changed = changed_columns(unit.connection, customer_id, columns)
    if changed is None:
        raise Refused("customer_missing")
    update_customer(unit.connection, customer_id, columns)
    write_audit(
        unit, operator, "edit", "customer", customer_id, "details put right", changed=changed
    )


def _columns(unit: Unit, edit: CustomerEdit) -> dict[str, object]:
    if not edit.name.strip():
        raise Refused("name_missing")
    if edit.language not in unit.market.languages:
        spoken = ", ".join(unit.market.languages)
        raise Refused("language_unknown", language=edit.language, languages=spoken)
    village = edit.village
    village_id = ids_by_code(unit.connection, villages, [village]).get(village)
    if village and village_id is None:
        raise Refused("village_unknown", village=village)
    return {
        "name": edit.name.strip(),
        "surname": edit.surname.strip(),
        "village_id": village_id,
        "language": edit.language,
    }

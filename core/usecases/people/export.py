"""Everything about one person in one document, for a person who asks what is known of them."""

from __future__ import annotations

from typing import Any

from core.db.personal.export import export_rows
from core.db.personal.find import find_person
from core.db.personal.forget import is_known_person
from core.errors import Refused
from core.unit import Unit
from core.usecases.operators.audit import write_audit


def export_person(unit: Unit, msisdn: str, operator: str, reason: str) -> dict[str, Any]:
    """Return all rows about who has that number (E.164), as JSON can hold them, in plain words.

    The audit log notes it. Raises Refused: person_unknown, reason_missing.
    """
    person = find_person(unit.connection, msisdn)
    if not is_known_person(unit.connection, person):
        raise Refused("person_unknown", msisdn=msisdn)
    subject, subject_id = person.subject
    write_audit(unit, operator, "export_person", subject, subject_id, reason)
    return {
        "person": [f"{name} {surname}".strip() for name, surname in person.names],
        "phone numbers": [number.msisdn for number in person.numbers],
        "from": unit.market.operator,
        "made at": unit.now.isoformat(),
        "currency": unit.market.currency,
        "kept": export_rows(unit.connection, person, unit.market.currency),
    }

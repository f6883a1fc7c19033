"""Forget a person who asks for it: a tombstone for the name, no number, no words; the ledger stays.

It is refused as long as something is open between the person and the operator, because then the
data is still needed: a debt, credit, money on its way, an agent's cash. The request itself is a
row, so that an answer can be proved; the console's is done by a worker.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.db.erasures import claim_erasure, end_erasure, insert_erasure
from core.db.ownership import record_handovers
from core.db.personal.find import find_person
from core.db.personal.forget import (
    count_rows,
    devices_of_person,
    forget_rows,
    is_known_person,
    lock_person,
    obstacles,
    retire_devices,
)
from core.db.sales import return_to_stock
from core.errors import Refused
from core.money import Money
from core.ownership import Handover
from core.person import Person
from core.unit import Unit
from core.usecases.operators.audit import write_audit

_WHAT_TO_DO = {
    "sale": 'the plan for "{about}" runs (end it: settle, write off, or take the device back)',
    "debt": "{about} of {amount} are owed (take the money, or give the debt up)",
    "credit": "there is credit of {amount} (give it back, or move it)",
    "payment": "payment {about} of {amount} waits or is held (apply, match or refund it)",
    "prompt": "a prompt for {about} may still be approved (wait until it has ended)",
    "code": "a code for {about} is being made (wait a minute)",
    "case": "case {about} about their money is open (close it)",
    "cash": "the agent holds {amount} of the operator's money (settle it, or write it off)",
    "commission": "commission of {amount} is owed to the agent (pay it out)",
}


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was done, or would be: rows by table; serial numbers of meters that go back to stock,
    and of devices that are the person's for good and are taken out of use."""

    rows: dict[str, int]
    to_stock: tuple[str, ...]
    retired: tuple[str, ...]


def forget_person(unit: Unit, msisdn: str, operator: str, reason: str) -> Forgotten:
    """Forget who has that number (E.164): all of their numbers, as customer and as agent.

    Raises Refused: person_unknown; cannot_forget, which says what is open; reason_missing.
    """
    person = _find_person(unit, msisdn)
    lock_person(unit.connection, person)
    _check_free(unit, person)
    request = insert_erasure(unit.connection, unit.now, msisdn, operator, reason)
    return _forget(unit, person, request, operator, reason)


def order_erasure(unit: Unit, msisdn: str, operator: str, reason: str) -> Person:
    """Have a worker forget who has that number. Raises Refused like `forget_person`."""
    person = _find_person(unit, msisdn)
    _check_free(unit, person)
    if not reason.strip():
        raise Refused("reason_missing")
    insert_erasure(unit.connection, unit.now, msisdn, operator, reason)
    unit.wakes.add("reconciliation")
    return person


def forget_next(unit: Unit) -> int:
    """Do the oldest request that waits; returns how many there were, 0 or 1.

    What has opened since it was asked for ends the request: an audit row says so.
    """
    request = claim_erasure(unit.connection)
    if request is None:
        return 0
    person = find_person(unit.connection, request.msisdn)
    lock_person(unit.connection, person)
    if open_things := _open_things(unit, person):
        end_erasure(unit.connection, unit.now, request.id, "refused", person, open_things[:500])
        subject, subject_id = person.subject
        write_audit(
            unit, request.operator, "not_forgotten", subject, subject_id, request.reason,
            request=request.id,
        )  # fmt: skip
        return 1
    _forget(unit, person, request.id, request.operator, request.reason)
    return 1


def what_would_go(unit: Unit) -> list[str]:
    """Return in lines what the request that was just stored in this Unit will do."""
    request = claim_erasure(unit.connection, newest=True)
    if request is None:
        return []
    person = find_person(unit.connection, request.msisdn)
    names = [f"{name} {surname}".strip() for name, surname in person.names]
    lines = [", ".join([*names, *(number.msisdn for number in person.numbers)])]
    for _, kind, serial in devices_of_person(unit.connection, person):
        what = "goes back to stock" if kind == "meter" else "is taken out of use for good"
        lines.append(f"{serial} {what}.")
    rows = ", ".join(
        f"{count} in {table.replace('_', ' ')}"
        for table, count in count_rows(unit.connection, person).items()
    )
    lines.append(f"Rows that lose names, numbers and texts: {rows}.")
    return [*lines, "The ledger stays, without the name. This cannot be undone."]


def _find_person(unit: Unit, msisdn: str) -> Person:
    person = find_person(unit.connection, msisdn)
    if not is_known_person(unit.connection, person):
        raise Refused("person_unknown", msisdn=msisdn)
    return person


def _check_free(unit: Unit, person: Person) -> None:
    if open_things := _open_things(unit, person):
        raise Refused("cannot_forget", why=open_things)


def _open_things(unit: Unit, person: Person) -> str:
    """What stands in the way, each with what to do; "" for nothing."""
    return "; ".join(
        _WHAT_TO_DO[what].format(about=about, amount=Money(minor or 0, unit.market.currency))
        for what, about, minor in obstacles(unit.connection, person)
    )


def _forget(unit: Unit, person: Person, request: int, operator: str, reason: str) -> Forgotten:
    subject, subject_id = person.subject
    # First, so that a name in the reason is taken out of it too.
    write_audit(unit, operator, "forget", subject, subject_id, reason, request=request)
    to_stock, retired = _release_devices(unit, person)
    rows = forget_rows(unit.connection, person, unit.now)
    end_erasure(unit.connection, unit.now, request, "done", person, None)
    return Forgotten(rows, to_stock, retired)


def _release_devices(unit: Unit, person: Person) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Meters go back to stock, for who lives there next; what was paid off stays where it is and is
    taken out of use."""
    devices = devices_of_person(unit.connection, person)
    meters = [(id, serial) for id, kind, serial in devices if kind == "meter"]
    others = [(id, serial) for id, kind, serial in devices if kind != "meter"]
    for device_id, _ in meters:
        return_to_stock(unit.connection, device_id, unit.now)
    retired = [Handover(device_id, None, unit.now, "retirement") for device_id, _ in others]
    record_handovers(unit.connection, retired)
    retire_devices(unit.connection, [device_id for device_id, _ in others], unit.today)
    return tuple(serial for _, serial in meters), tuple(serial for _, serial in others)

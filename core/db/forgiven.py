"""Debts that are not of a sale, and can be forgiven: charged access fees, and clawbacks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import Connection, text

from core.db.typed_rows import all_rows, row_or_none

ForgivableKind = Literal["access_rate", "clawback"]

# By kind: its table, the column of what was forgiven, and what the debt is about.
_TABLES: dict[ForgivableKind, tuple[str, str, str]] = {
    "access_rate": (
        "access_charges", "waived_minor",
        "(SELECT serial FROM devices WHERE devices.id = debt.device_id)",
    ),
    "clawback": (
        "clawbacks", "written_off_minor",
        "(SELECT receipt FROM payments WHERE payments.id = debt.payment_id)",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ForgivenDebt:
    """What was open of a debt. `about`: the serial number of a meter, or a payment's receipt."""

    id: int
    amount_minor: int
    due_on: date
    about: str


def owner_of_debt(connection: Connection, kind: ForgivableKind, debt_id: int) -> int | None:
    """Return the id of the customer who owes or owed it."""
    table, _, _ = _TABLES[kind]
    found: int | None = connection.execute(
        text(f"SELECT customer_id FROM {table} WHERE id = :id"), {"id": debt_id}
    ).scalar_one_or_none()
    return found


def forgive(connection: Connection, kind: ForgivableKind, debt_id: int) -> ForgivenDebt | None:
    """Forgive what is open of a debt whose customer is locked; None where nothing is."""
    table, forgiven, about = _TABLES[kind]
    return row_or_none(
        connection,
        ForgivenDebt,
        "WITH before AS (SELECT debt.id,"
        f" debt.amount_minor - debt.paid_minor - debt.{forgiven} AS amount_minor,"
        f" debt.due_on, {about} AS about FROM {table} debt WHERE debt.id = :id),"
        f" done AS (UPDATE {table} SET {forgiven} = {table}.{forgiven} + before.amount_minor"
        f" FROM before WHERE {table}.id = before.id)"
        " SELECT id, amount_minor, due_on, about FROM before WHERE amount_minor > 0",
        id=debt_id,
    )


def forgivable_debts(
    connection: Connection, kind: ForgivableKind, customer_id: int
) -> list[ForgivenDebt]:
    """Return the open debts of that kind of a customer, the oldest first."""
    table, forgiven, about = _TABLES[kind]
    return all_rows(
        connection,
        ForgivenDebt,
        f"SELECT debt.id, debt.amount_minor - debt.paid_minor - debt.{forgiven} AS amount_minor,"
        f" debt.due_on, {about} AS about FROM {table} debt WHERE debt.customer_id = :customer"
        f" AND debt.paid_minor + debt.{forgiven} < debt.amount_minor ORDER BY debt.due_on, debt.id",
        customer=customer_id,
    )

"""Customers: found by number, locked for a payment, their credit moved."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, text

COLUMNS = """
    c.id, c.name, c.surname, c.language, c.credit_minor,
    (SELECT msisdn FROM customer_msisdns n WHERE n.customer_id = c.id
     ORDER BY position, msisdn LIMIT 1) AS msisdn
"""


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer; `msisdn` is the number texts go to."""

    id: int
    name: str
    surname: str
    language: str
    credit_minor: int
    msisdn: str | None


def find_customer(connection: Connection, msisdn: str) -> Customer | None:
    """The customer who holds that E.164 number."""
    row = connection.execute(
        text(
            f"SELECT {COLUMNS} FROM customers c JOIN customer_msisdns m ON m.customer_id = c.id"
            " WHERE m.msisdn = :msisdn"
        ),
        {"msisdn": msisdn},
    ).one_or_none()
    return None if row is None else Customer(*row)


def find_customer_by_hash(connection: Connection, sha256: str) -> tuple[str, str] | None:
    """(msisdn, language) of the customer whose number has this hash (as M-Pesa tells payers)."""
    row = connection.execute(
        text(
            "SELECT m.msisdn, c.language FROM customer_msisdns m"
            " JOIN customers c ON c.id = m.customer_id WHERE m.sha256 = :sha256"
        ),
        {"sha256": sha256.lower()},
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def get_customer(connection: Connection, customer_id: int) -> Customer:
    """The customer with that id."""
    row = connection.execute(
        text(f"SELECT {COLUMNS} FROM customers c WHERE c.id = :id"), {"id": customer_id}
    ).one()
    return Customer(*row)


def lock_customers(connection: Connection, ids: Collection[int]) -> dict[int, Customer]:
    """Lock customers by id, in order: what serialises two payments of one customer.

    Callbacks that book a further payment of theirs (a foreign key's lock) need not wait.
    """
    rows = connection.execute(
        text(
            f"SELECT {COLUMNS} FROM customers c WHERE c.id = ANY(:ids)"
            " ORDER BY c.id FOR NO KEY UPDATE"
        ),
        {"ids": list(ids)},
    )
    return {row.id: Customer(*row) for row in rows}

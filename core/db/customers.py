"""Queries for customers: found by number, locked for a payment, their credit changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from core.customer import Customer

COLUMNS = """
    c.id, c.name, c.surname, c.language, c.credit_minor,
    (SELECT msisdn FROM customer_msisdns n WHERE n.customer_id = c.id
     ORDER BY position, msisdn LIMIT 1) AS msisdn, c.account
"""


def find_customer(connection: Connection, msisdn: str, *, lock: bool = False) -> Customer | None:
    """Return the customer with that E.164 number, or None; locked where asked for."""
    row = connection.execute(
        text(
            f"SELECT {COLUMNS} FROM customers c JOIN customer_msisdns m ON m.customer_id = c.id"
            " WHERE m.msisdn = :msisdn" + (" FOR NO KEY UPDATE OF c" if lock else "")
        ),
        {"msisdn": msisdn},
    ).one_or_none()
    return None if row is None else Customer(*row)


def find_customer_by_hash(connection: Connection, sha256: str) -> tuple[str, str] | None:
    """Return (msisdn, language) of the customer whose number has this SHA-256, or None."""
    row = connection.execute(
        text(
            "SELECT m.msisdn, c.language FROM customer_msisdns m"
            " JOIN customers c ON c.id = m.customer_id WHERE m.sha256 = :sha256"
        ),
        {"sha256": sha256.lower()},
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def customer_of_account(connection: Connection, account: str) -> int | None:
    """Return the id of the customer with that account reference, or None."""
    return connection.execute(
        text("SELECT id FROM customers WHERE account = :account"), {"account": account}
    ).scalar_one_or_none()


def get_customer(connection: Connection, customer_id: int) -> Customer:
    """Return the customer with that id. Raises NoResultFound."""
    row = connection.execute(
        text(f"SELECT {COLUMNS} FROM customers c WHERE c.id = :id"), {"id": customer_id}
    ).one()
    return Customer(*row)


def lock_customers(connection: Connection, ids: Collection[int]) -> dict[int, Customer]:
    """Lock customers in order of id: two payments of one customer wait for each other.

    Callbacks that record a further payment (with a foreign key's lock) need not wait.
    """
    return {customer.id: customer for customer, _ in lock_with_changes(connection, ids)}


def lock_with_changes(
    connection: Connection, ids: Collection[int]
) -> list[tuple[Customer, datetime | None]]:
    """Lock customers as `lock_customers` does; each with when what they owe was last changed
    otherwise than by a payment, a sale or the calendar."""
    rows = connection.execute(
        text(
            f"SELECT {COLUMNS}, c.debts_changed_at FROM customers c WHERE c.id = ANY(:ids)"
            " ORDER BY c.id FOR NO KEY UPDATE"
        ),
        {"ids": list(ids)},
    )
    return [(Customer(*row[:-1]), row.debts_changed_at) for row in rows]


def note_changed_debts(connection: Connection, now: datetime, customer_id: int) -> None:
    """Store that what a locked customer owes was changed by a person or a provider: payments made
    before and not applied yet will wait for a person."""
    update_customer(connection, customer_id, {"debts_changed_at": now})


def insert_number(connection: Connection, customer_id: int, msisdn: str) -> bool:
    """Add a number after the customer's others. Return False if a customer has it already."""
    added = connection.execute(
        text(
            "INSERT INTO customer_msisdns (msisdn, customer_id, position)"
            " SELECT :msisdn, :id, coalesce(max(position), -1) + 1 FROM customer_msisdns"
            " WHERE customer_id = :id ON CONFLICT (msisdn) DO NOTHING RETURNING msisdn"
        ),
        {"msisdn": msisdn, "id": customer_id},
    )
    return added.one_or_none() is not None


def numbers_of(connection: Connection, customer_id: int) -> list[str]:
    """Return the customer's numbers; the one that SMS go to is first."""
    rows = connection.execute(
        text(
            "SELECT msisdn FROM customer_msisdns WHERE customer_id = :id ORDER BY position, msisdn"
        ),
        {"id": customer_id},
    )
    return list(rows.scalars())


def set_first_number(connection: Connection, customer_id: int, msisdn: str) -> None:
    """Make this the number of the customer that SMS go to."""
    connection.execute(
        text(
            "UPDATE customer_msisdns SET position = (SELECT min(position) - 1 FROM customer_msisdns"
            " WHERE customer_id = :id) WHERE customer_id = :id AND msisdn = :msisdn"
        ),
        {"id": customer_id, "msisdn": msisdn},
    )


# STOP belongs to the customer, not to the next holder of the number.
_REMOVE_NUMBER = (
    "DELETE FROM customer_msisdns WHERE customer_id = :id AND msisdn = :msisdn",
    "WITH stopped AS (DELETE FROM no_reminders WHERE msisdn = :msisdn RETURNING since)"
    " INSERT INTO no_reminders (msisdn, since) SELECT n.msisdn, s.since FROM stopped s"
    " CROSS JOIN customer_msisdns n WHERE n.customer_id = :id ON CONFLICT DO NOTHING",
)


def delete_number(connection: Connection, customer_id: int, msisdn: str, now: datetime) -> int:
    """Remove a number of the customer; return the id of the row with until when they had it."""
    values = {"id": customer_id, "msisdn": msisdn, "now": now}
    for statement in _REMOVE_NUMBER:
        connection.execute(text(statement), values)
    return int(
        connection.execute(
            text(
                "INSERT INTO past_msisdns (msisdn, customer_id, held_until)"
                " VALUES (:msisdn, :id, :now) RETURNING id"
            ),
            values,
        ).scalar_one()
    )


def lock_customer(connection: Connection, customer_id: int) -> bool:
    """Lock the customer with that id. Return whether there is one."""
    found = connection.execute(
        text("SELECT id FROM customers WHERE id = :id FOR NO KEY UPDATE"), {"id": customer_id}
    )
    return found.one_or_none() is not None


def changed_columns(
    connection: Connection, customer_id: int, values: Mapping[str, object]
) -> list[str] | None:
    """Lock a customer; return the names of the columns that these values would change, or None if
    there is no such customer."""
    row = connection.execute(
        text(f"SELECT {', '.join(values)} FROM customers WHERE id = :id FOR NO KEY UPDATE"),
        {"id": customer_id},
    ).one_or_none()
    return None if row is None else [name for name in values if row._mapping[name] != values[name]]


def update_customer(connection: Connection, customer_id: int, values: Mapping[str, object]) -> None:
    """Set columns of a customer."""
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    connection.execute(
        text(f"UPDATE customers SET {assignments} WHERE id = :id"), {**values, "id": customer_id}
    )


_FIND = """
    SELECT 'agent', id, name, language, pin_is_initial FROM agents WHERE msisdn = %s
    UNION ALL
    SELECT 'customer', c.id, c.name, c.language, false
      FROM customers c JOIN customer_msisdns m ON m.customer_id = c.id WHERE m.msisdn = %s
    UNION ALL
    SELECT 'stranger', 0, '', language, false FROM stranger_languages WHERE msisdn = %s
    LIMIT 1
"""


def find_caller(connection: Connection, msisdn: str) -> tuple[str, int, str, str, bool] | None:
    """Return (role, id, name, language, whether an agent has the first PIN) of a number; None for a
    number that was never used."""
    rows = connection.exec_driver_sql(_FIND, (msisdn, msisdn, msisdn)).all()
    if not rows:
        return None
    role, row_id, name, language, has_first_pin = rows[0]
    return role, row_id, name, language, has_first_pin


def set_language(connection: Connection, msisdn: str, language: str, now: datetime) -> None:
    """Store the language of a number; strangers get a row of their own."""
    for statement in (
        "UPDATE agents SET language = :language WHERE msisdn = :msisdn",
        "UPDATE customers SET language = :language WHERE id ="
        " (SELECT customer_id FROM customer_msisdns WHERE msisdn = :msisdn)",
        "INSERT INTO stranger_languages (msisdn, language, chosen_at)"
        " SELECT :msisdn, :language, :now"
        " WHERE NOT EXISTS (SELECT FROM agents WHERE msisdn = :msisdn)"
        " AND NOT EXISTS (SELECT FROM customer_msisdns WHERE msisdn = :msisdn)"
        " ON CONFLICT (msisdn) DO UPDATE SET language = excluded.language,"
        " chosen_at = excluded.chosen_at",
    ):
        connection.execute(text(statement), {"msisdn": msisdn, "language": language, "now": now})


@dataclass(frozen=True, slots=True)
class Person:
    """A customer or agent with a phone; `devices` are (serial, kind)."""

    msisdn: str
    name: str
    language: str
    devices: tuple[tuple[str, str], ...]


def first_customers(connection: Connection, limit: int) -> list[Person]:
    """Return the customers who were registered first."""
    rows = connection.execute(
        text(
            "SELECT (SELECT msisdn FROM customer_msisdns m WHERE m.customer_id = c.id"
            " ORDER BY position, msisdn LIMIT 1), concat_ws(' ', c.name, nullif(c.surname, '')),"
            " c.language, array_agg(d.serial ORDER BY d.id) FILTER (WHERE d.id IS NOT NULL),"
            " array_agg(d.kind ORDER BY d.id) FILTER (WHERE d.id IS NOT NULL)"
            " FROM customers c LEFT JOIN devices d ON d.owner_id = c.id"
            " WHERE EXISTS (SELECT FROM customer_msisdns m WHERE m.customer_id = c.id)"
            " GROUP BY c.id ORDER BY c.id LIMIT :limit"
        ),
        {"limit": limit},
    )
    return [
        Person(msisdn, name, language, tuple(zip(serials or (), kinds or (), strict=True)))
        for msisdn, name, language, serials, kinds in rows
    ]


def some_agents(connection: Connection, limit: int) -> list[Person]:
    """Return the agents who were registered first."""
    rows = connection.execute(
        text(
            "SELECT msisdn, name || ' ' || surname, language FROM agents ORDER BY id LIMIT :limit"
        ),
        {"limit": limit},
    )
    return [Person(row[0], row[1], row[2], ()) for row in rows]


def is_known(connection: Connection, msisdn: str) -> bool:
    """Return whether the number belongs to a customer or an agent."""
    return bool(
        connection.execute(
            text(
                "SELECT EXISTS (SELECT FROM customer_msisdns WHERE msisdn = :msisdn)"
                " OR EXISTS (SELECT FROM agents WHERE msisdn = :msisdn)"
            ),
            {"msisdn": msisdn},
        ).scalar_one()
    )

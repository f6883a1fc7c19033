"""The people of a book, for those who show them: customers with their devices, and agents."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Person:
    """A person with a phone; `devices` are (serial, kind)."""

    msisdn: str
    name: str
    language: str
    devices: tuple[tuple[str, str], ...]


def first_customers(connection: Connection, limit: int) -> list[Person]:
    """The customers who were registered first."""
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
    """The agents who were registered first."""
    rows = connection.execute(
        text(
            "SELECT msisdn, name || ' ' || surname, language FROM agents ORDER BY id LIMIT :limit"
        ),
        {"limit": limit},
    )
    return [Person(row[0], row[1], row[2], ()) for row in rows]


def is_known(connection: Connection, msisdn: str) -> bool:
    """Whether the number is a customer's or an agent's."""
    return bool(
        connection.execute(
            text(
                "SELECT EXISTS (SELECT FROM customer_msisdns WHERE msisdn = :msisdn)"
                " OR EXISTS (SELECT FROM agents WHERE msisdn = :msisdn)"
            ),
            {"msisdn": msisdn},
        ).scalar_one()
    )

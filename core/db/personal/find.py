"""Who a number belongs to, and since when: a number may have been another's before."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Connection, text

from core.person import HeldNumber, Person

# What a removed number was used for until then is its customer's, and nobody's who has it now.
_NUMBERS = text(
    """
    SELECT n.msisdn, n.until, (SELECT max(p.held_until) FROM past_msisdns p
             WHERE p.msisdn = n.msisdn AND p.customer_id IS DISTINCT FROM CAST(:customer AS bigint)
               AND p.held_until < coalesce(n.until, 'infinity')) AS since
      FROM (SELECT CAST(:msisdn AS text) AS msisdn, CAST(NULL AS timestamptz) AS until
            UNION SELECT msisdn, NULL FROM customer_msisdns WHERE customer_id = :customer
            UNION SELECT msisdn, max(held_until) FROM past_msisdns WHERE customer_id = :customer
               AND msisdn <> :msisdn AND msisdn NOT IN (
                   SELECT msisdn FROM customer_msisdns WHERE customer_id = :customer)
             GROUP BY msisdn) n
     ORDER BY n.msisdn <> :msisdn, n.msisdn
    """
)


def find_person(connection: Connection, msisdn: str) -> Person:
    """Return who has that number (E.164); a person without ids where it is nobody's."""
    customer_id = connection.execute(
        text("SELECT customer_id FROM customer_msisdns WHERE msisdn = :msisdn"),
        {"msisdn": msisdn},
    ).scalar_one_or_none()
    rows = connection.execute(_NUMBERS, {"msisdn": msisdn, "customer": customer_id})
    numbers = tuple(HeldNumber(row.msisdn, row.since, row.until) for row in rows)
    agents = connection.execute(
        text("SELECT id, name, surname FROM agents WHERE msisdn = ANY(:msisdns) ORDER BY id"),
        {"msisdns": [number.msisdn for number in numbers if number.until is None]},
    ).all()
    names = connection.execute(
        text("SELECT name, surname FROM customers WHERE id = :id"), {"id": customer_id}
    )
    return Person(
        customer_id,
        tuple(agent.id for agent in agents),
        numbers,
        (*(tuple(row) for row in names), *((agent.name, agent.surname) for agent in agents)),
    )


def values_of(person: Person) -> dict[str, Any]:
    """Return the parameters by which the declared tables know a person."""
    return {
        "customer": person.customer_id,
        "agents": list(person.agent_ids),
        "msisdns": [number.msisdn for number in person.numbers],
        "since": [number.since for number in person.numbers],
        "until": [number.until for number in person.numbers],
        "hashes": [
            hashlib.sha256(number.msisdn[1:].encode()).hexdigest() for number in person.numbers
        ],
    }

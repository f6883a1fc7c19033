"""Customers for the console: found by number, name or serial; one page about one of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from core.db.console_lists import Query

CUSTOMERS = Query(
    "c.id, concat_ws(' ', c.name, c.surname) AS full_name, v.name AS village, c.credit_minor,"
    " (c.created_at AT TIME ZONE :zone)::date AS created_on,"
    " (SELECT string_agg(msisdn, ' ' ORDER BY position, msisdn) FROM customer_msisdns n"
    "   WHERE n.customer_id = c.id) AS numbers,"
    " (SELECT string_agg(serial, ' ' ORDER BY serial) FROM devices d WHERE d.owner_id = c.id)"
    "   AS serials",
    "customers c LEFT JOIN villages v ON v.id = c.village_id",
    key="c.id",
    where={
        "named": "lower(c.name) LIKE :named OR lower(c.surname) LIKE :named",
        "surnamed": "lower(c.surname) LIKE :surnamed",
        "serial": "c.id IN (SELECT customer_id FROM customer_msisdns WHERE msisdn = :holder"
        " UNION SELECT owner_id FROM devices WHERE serial = :serial)",
        "village": "v.code = :village",
    },
)


def find_person(connection: Connection, customer_id: int) -> Row[Any] | None:
    """(id, name, surname, language, village code and name, numbers, credit, registered)."""
    return connection.execute(
        text(
            "SELECT c.id, c.name, c.surname, c.language, c.credit_minor, c.created_at, v.code AS"
            " village, v.name AS village_name, ARRAY(SELECT msisdn FROM customer_msisdns n WHERE"
            " n.customer_id = c.id ORDER BY position, msisdn) AS numbers FROM customers c"
            " LEFT JOIN villages v ON v.id = c.village_id WHERE c.id = :id"
        ),
        {"id": customer_id},
    ).one_or_none()


# What a payment caused stands below it, whenever that happened; `told_at` is the payment's.
_TIMELINE = text(
    """
    WITH paid AS (
        SELECT * FROM payments WHERE customer_id = :id ORDER BY id DESC LIMIT :limit
    ), held AS (
        SELECT msisdn, max(until) AS until FROM (
            SELECT msisdn, 'infinity'::timestamptz AS until FROM customer_msisdns
             WHERE customer_id = :id
            UNION ALL SELECT msisdn, held_until FROM past_msisdns WHERE customer_id = :id
        ) numbers GROUP BY msisdn
    )
    SELECT * FROM (
        SELECT received_at AS told_at, received_at AS at, 1 AS place, 'payment' AS what,
               id AS payment_id, receipt AS about, state AS said, amount_minor,
               NULL::text AS serial, NULL::int AS units
          FROM paid
        UNION ALL
        SELECT p.received_at, coalesce(p.applied_at, p.received_at), 2, 'line', p.id, l.kind, NULL,
               l.amount_minor, d.serial, NULL
          FROM paid p JOIN payment_lines l ON l.payment_id = p.id
          LEFT JOIN access_charges a ON a.id = l.access_charge_id
          LEFT JOIN devices d ON d.id = coalesce(l.device_id, a.device_id)
        UNION ALL
        SELECT p.received_at, t.issued_at, 3, 'token', t.payment_id, t.kind, NULL, NULL, d.serial,
               t.units
          FROM paid p JOIN tokens t ON t.payment_id = p.id JOIN devices d ON d.id = t.device_id
        UNION ALL
        (SELECT coalesce(p.received_at, s.created_at), s.created_at, 4, 'text', p.id, s.kind,
                s.state, NULL, s.msisdn, NULL
           FROM held n JOIN sms s ON s.msisdn = n.msisdn AND s.created_at <= n.until
            AND NOT EXISTS (SELECT FROM past_msisdns q WHERE q.msisdn = s.msisdn
                 AND q.customer_id <> :id AND s.created_at <= q.held_until)
           LEFT JOIN paid p ON p.id = s.payment_id
          ORDER BY s.id DESC LIMIT :limit)
        UNION ALL
        (SELECT r.reported_at, r.reported_at, 5, 'report', NULL, r.body, NULL, NULL, r.msisdn, NULL
           FROM problem_reports r WHERE r.customer_id = :id ORDER BY r.id DESC LIMIT :limit)
    ) told ORDER BY told_at DESC, payment_id DESC NULLS LAST, place LIMIT :limit
    """
)


def timeline(connection: Connection, customer_id: int, limit: int) -> list[Row[Any]]:
    """What happened with a customer, the latest first: payments, their lines and tokens, texts."""
    return list(connection.execute(_TIMELINE, {"id": customer_id, "limit": limit}))


def insert_number(connection: Connection, customer_id: int, msisdn: str) -> bool:
    """A further number, after the ones there are; False when somebody has it."""
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
    """The customer's numbers, the one that texts go to first."""
    rows = connection.execute(
        text(
            "SELECT msisdn FROM customer_msisdns WHERE customer_id = :id ORDER BY position, msisdn"
        ),
        {"id": customer_id},
    )
    return list(rows.scalars())


def move_number_up(connection: Connection, customer_id: int, msisdn: str) -> None:
    """Texts go to this one of the customer's numbers from now on."""
    connection.execute(
        text(
            "UPDATE customer_msisdns SET position = (SELECT min(position) - 1 FROM customer_msisdns"
            " WHERE customer_id = :id) WHERE customer_id = :id AND msisdn = :msisdn"
        ),
        {"id": customer_id, "msisdn": msisdn},
    )


# STOP was said for the customer, not for whoever has the number next.
_LET_GO = (
    "INSERT INTO past_msisdns (msisdn, customer_id, held_until) VALUES (:msisdn, :id, :now)",
    "DELETE FROM customer_msisdns WHERE customer_id = :id AND msisdn = :msisdn",
    "WITH stopped AS (DELETE FROM no_reminders WHERE msisdn = :msisdn RETURNING since)"
    " INSERT INTO no_reminders (msisdn, since) SELECT n.msisdn, s.since FROM stopped s"
    " CROSS JOIN customer_msisdns n WHERE n.customer_id = :id ON CONFLICT DO NOTHING",
)


def let_number_go(connection: Connection, customer_id: int, msisdn: str, now: datetime) -> None:
    """The number is the customer's no longer; that it was is kept."""
    values = {"id": customer_id, "msisdn": msisdn, "now": now}
    for statement in _LET_GO:
        connection.execute(text(statement), values)


def devices_of(connection: Connection, customer_id: int) -> list[Row[Any]]:
    """The customer's devices with maker and tariff, in the order in which they came."""
    rows = connection.execute(
        text(
            "SELECT d.id, d.serial, d.kind, m.name AS manufacturer, t.name AS tariff, d.assigned_on"
            " FROM devices d JOIN manufacturers m ON m.id = d.manufacturer_id"
            " LEFT JOIN tariffs t ON t.id = d.tariff_id WHERE d.owner_id = :id"
            " ORDER BY d.assigned_on, d.id"
        ),
        {"id": customer_id},
    )
    return list(rows)


def lock_person(connection: Connection, customer_id: int) -> bool:
    """Whether there is such a customer; locked."""
    found = connection.execute(
        text("SELECT id FROM customers WHERE id = :id FOR NO KEY UPDATE"), {"id": customer_id}
    )
    return found.one_or_none() is not None


def set_person(connection: Connection, customer_id: int, values: Mapping[str, object]) -> None:
    """Set columns of a customer."""
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    connection.execute(
        text(f"UPDATE customers SET {assignments} WHERE id = :id"), {**values, "id": customer_id}
    )

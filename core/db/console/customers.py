"""Customers for the console: the list by number, name or serial, and what one page shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import Connection, text

from core.db.console.listing import Query
from core.db.typed_rows import all_rows, row_or_none
from core.device import DeviceKind


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer of the list. `numbers` and `serials` have spaces between them, `created_on` is a
    day of the market."""

    id: int
    full_name: str
    village: str | None
    credit_minor: int
    created_on: date
    numbers: str | None
    serials: str | None


CUSTOMERS = Query(
    CustomerRow,
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


@dataclass(frozen=True, slots=True)
class CustomerDetails:
    """A customer as on their page. `village` is its code; `numbers`: the one that SMS go to is
    first; `account`: what they type to pay what they owe, without naming a device."""

    id: int
    name: str
    surname: str
    language: str
    credit_minor: int
    created_at: datetime
    village: str | None
    village_name: str | None
    numbers: list[str]
    account: str


def find_customer_details(connection: Connection, customer_id: int) -> CustomerDetails | None:
    """Return the customer with that id."""
    return row_or_none(
        connection,
        CustomerDetails,
        "SELECT c.id, c.name, c.surname, c.language, c.credit_minor, c.created_at, v.code AS"
        " village, v.name AS village_name, ARRAY(SELECT msisdn FROM customer_msisdns n WHERE"
        " n.customer_id = c.id ORDER BY position, msisdn) AS numbers, c.account FROM customers c"
        " LEFT JOIN villages v ON v.id = c.village_id WHERE c.id = :id",
        id=customer_id,
    )


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """Something that happened with a customer.

    `subject` is the receipt of a
    payment, the kind of an allocation, token or SMS, or the text of a problem report. `units` of a
    token are tenths of a kWh or days; `msisdn` is the number of an SMS or a report.
    """

    kind: Literal["payment", "allocation", "token", "sms", "report"]
    happened_at: datetime
    payment_id: int | None
    subject: str
    state: str | None
    amount_minor: int | None
    serial: str | None
    units: int | None
    msisdn: str | None


# The effects of a payment stand below it, even if they happened later: all of them are sorted by
# `sorted_at`, the time of the payment.
_TIMELINE = text(
    """
    WITH paid AS (
        SELECT * FROM payments WHERE customer_id = :id ORDER BY id DESC LIMIT :limit
    ), numbers AS (
        SELECT msisdn, max(until) AS until FROM (
            SELECT msisdn, 'infinity'::timestamptz AS until FROM customer_msisdns
             WHERE customer_id = :id
            UNION ALL SELECT msisdn, held_until FROM past_msisdns WHERE customer_id = :id
        ) present_and_past GROUP BY msisdn
    )
    SELECT kind, happened_at, payment_id, subject, state, amount_minor, serial, units, msisdn
      FROM (
        SELECT received_at AS sorted_at, received_at AS happened_at, 1 AS place,
               'payment' AS kind, id AS payment_id, receipt AS subject, state, amount_minor,
               NULL::text AS serial, NULL::int AS units, NULL::text AS msisdn
          FROM paid
        UNION ALL
        SELECT p.received_at, coalesce(p.applied_at, p.received_at), 2, 'allocation', p.id, l.kind,
               NULL, l.amount_minor, d.serial, NULL, NULL
          FROM paid p JOIN payment_lines l ON l.payment_id = p.id
          LEFT JOIN access_charges a ON a.id = l.access_charge_id
          LEFT JOIN devices d ON d.id = coalesce(l.device_id, a.device_id)
        UNION ALL
        SELECT p.received_at, t.issued_at, 3, 'token', t.payment_id, t.kind, NULL, NULL, d.serial,
               t.units, NULL
          FROM paid p JOIN tokens t ON t.payment_id = p.id JOIN devices d ON d.id = t.device_id
        UNION ALL
        (SELECT coalesce(p.received_at, s.created_at), s.created_at, 4, 'sms', p.id, s.kind,
                s.state, NULL, NULL, NULL, s.msisdn
           FROM numbers n JOIN sms s ON s.msisdn = n.msisdn AND s.created_at <= n.until
            AND NOT EXISTS (SELECT FROM past_msisdns q WHERE q.msisdn = s.msisdn
                 AND q.customer_id <> :id AND s.created_at <= q.held_until)
           LEFT JOIN paid p ON p.id = s.payment_id
          ORDER BY s.id DESC LIMIT :limit)
        UNION ALL
        (SELECT r.reported_at, r.reported_at, 5, 'report', NULL, r.body, NULL, NULL, NULL, NULL,
                r.msisdn
           FROM problem_reports r WHERE r.customer_id = :id ORDER BY r.id DESC LIMIT :limit)
      ) events ORDER BY sorted_at DESC, payment_id DESC NULLS LAST, place LIMIT :limit
    """
)


def customer_timeline(connection: Connection, customer_id: int, limit: int) -> list[TimelineEvent]:
    """Return the latest events of a customer, the newest first; after each payment its effects."""
    return all_rows(connection, TimelineEvent, _TIMELINE, id=customer_id, limit=limit)


@dataclass(frozen=True, slots=True)
class CustomerDevice:
    """A device of a customer, with the names of its manufacturer and its tariff."""

    id: int
    serial: str
    kind: DeviceKind
    manufacturer: str
    tariff: str | None
    assigned_on: date | None


def devices_of_customer(connection: Connection, customer_id: int) -> list[CustomerDevice]:
    """Return the customer's devices, the one they have had longest first."""
    return all_rows(
        connection,
        CustomerDevice,
        "SELECT d.id, d.serial, d.kind, m.name AS manufacturer, t.name AS tariff, d.assigned_on"
        " FROM devices d JOIN manufacturers m ON m.id = d.manufacturer_id"
        " LEFT JOIN tariffs t ON t.id = d.tariff_id WHERE d.owner_id = :id"
        " ORDER BY d.assigned_on, d.id",
        id=customer_id,
    )

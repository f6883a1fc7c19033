"""The dataset of the benchmarks: customers with a meter or a solar kit, half of them in debt."""

from __future__ import annotations

import json
from datetime import date, timedelta

from sqlalchemy import Connection, text

from core.db.bulk import insert_rows
from core.db.tables.payments import payments
from core.luhn import luhn_digit
from core.tokens.keys import KeyRing
from core.tokens.sealing import bound_to

VENDING_KEYS = {"STS_VENDING_KEY_600000": "ab" * 20}
RING = KeyRing({"1": bytes(32)})
_STS = {
    "ea": 11,
    "dkga": 4,
    "sgc": "600000",
    "krn": 1,
    "ti": "01",
    "kt": 2,
    "ken": 255,
    "base": 2014,
}


def insert_dataset(connection: Connection, customers: int, today: date) -> None:
    """Insert `customers` people with one device each.

    Even ones have a meter and an overdue loan, odd ones a kit on a weekly plan of 52 instalments.
    """
    statements = (
        "INSERT INTO market VALUES (1, 'KE', 'KES', 100, 'Africa/Nairobi', '{en,sw}', '*384*96#',"
        " 'Bench', 25000000)",
        "INSERT INTO manufacturers (code, name, kinds, token_family) VALUES"
        " ('m', 'M', '{meter}', 'sts'), ('s', 'S', '{shs}', 'openpaygo')",
        "INSERT INTO vending_keys (sgc, krn, dkga, published_at) VALUES ('600000', 1, 4, now())",
        "INSERT INTO tariffs (code, name) VALUES ('t', 'T')",
        "INSERT INTO tariff_versions (tariff_id, valid_from, price_per_kwh_thousandths,"
        " access_rate_minor, access_every_days) VALUES (1, '2020-01-01', 2500000, 10000, 30)",
        "INSERT INTO appliances (code, name, kind, price_minor) VALUES"
        " ('cooker', 'Cooker', 'other', 1000000), ('kit', 'Kit', 'shs', 780000)",
        "INSERT INTO customers (name, surname, language, created_at)"
        " SELECT 'Name' || n, 'Surname', 'en', now() FROM generate_series(1, :customers) n",
        "INSERT INTO customer_msisdns (msisdn, customer_id)"
        " SELECT '+2547' || lpad(id::text, 8, '0'), id FROM customers",
    )
    for statement in statements:
        connection.execute(text(statement), {"customers": customers})
    _insert_devices(connection, customers, today)
    _insert_sales(connection, today)


def _insert_devices(connection: Connection, customers: int, today: date) -> None:
    rows = []
    for number in range(1, customers + 1):
        meter = number % 2 == 0
        serial = _meter_number(number) if meter else f"KIT{number:07d}"
        rows.append(
            {
                "serial": serial,
                "meter": meter,
                "owner": number,
                "key": None if meter else RING.seal(bytes(16), bound_to(serial)),
            }
        )
    connection.execute(
        text(
            "INSERT INTO devices (serial, kind, manufacturer_id, owner_id, tariff_id, assigned_on,"
            " access_anchor_on, sealed_key, starting_code, sts, initial_counter, token_counter)"
            " VALUES (:serial, CASE WHEN :meter THEN 'meter' ELSE 'shs' END,"
            " CASE WHEN :meter THEN 1 ELSE 2 END, :owner, CASE WHEN :meter THEN 1 END, :on,"
            " CASE WHEN :meter THEN CAST(:on AS date) END, :key, 123456789,"
            " CASE WHEN :meter THEN CAST(:sts AS jsonb) END,"
            " CASE WHEN :meter THEN 0 ELSE 1 END, CASE WHEN :meter THEN 0 ELSE 1 END)"
        ),
        [row | {"on": today, "sts": json.dumps(_STS)} for row in rows],
    )
    connection.execute(
        text(
            "INSERT INTO ownership_changes (device_id, to_customer_id, changed_at, reason)"
            " SELECT id, owner_id, CAST(:on AS date), 'import' FROM devices"
        ),
        {"on": today},
    )


def _meter_number(number: int) -> str:
    digits = f"01{number:08d}"
    return f"{digits}{luhn_digit(digits)}"


def _insert_sales(connection: Connection, today: date) -> None:
    """Loans of 5 x 200 of which one is overdue, and kits of 52 x 150 of which none is due."""
    dates = {"sold": today - timedelta(days=8), "today": today}
    for statement in (
        "INSERT INTO sales (customer_id, appliance_id, device_id, scheme, cadence, total_minor,"
        " sold_on) SELECT owner_id, CASE kind WHEN 'meter' THEN 1 ELSE 2 END,"
        " CASE kind WHEN 'shs' THEN id END, 'count', 'weekly',"
        " CASE kind WHEN 'meter' THEN 100000 ELSE 780000 END,"
        " CASE kind WHEN 'meter' THEN CAST(:sold AS date) ELSE :today END FROM devices",
        "INSERT INTO instalments (sale_id, number, due_on, amount_minor, days)"
        " SELECT s.id, n, s.sold_on + 7 * n, CASE WHEN device_id IS NULL THEN 20000 ELSE 15000 END,"
        " CASE WHEN device_id IS NULL THEN 0 ELSE 7 END FROM sales s,"
        " LATERAL generate_series(1, CASE WHEN device_id IS NULL THEN 5 ELSE 52 END) n",
    ):
        connection.execute(text(statement), dates)


def insert_payments(connection: Connection, count: int, customers: int, round_number: int) -> None:
    """Insert `count` received payments of 500 for the devices in turn, as callbacks would."""
    rows = connection.execute(
        text("SELECT id, owner_id FROM devices ORDER BY id LIMIT :limit"), {"limit": customers}
    ).all()
    at = connection.execute(text("SELECT now()")).scalar_one()
    insert_rows(
        connection,
        payments,
        [
            {
                "provider_account": "daraja:600123",
                "receipt": f"R{round_number}-{number}",
                "source": "c2b",
                "amount_minor": 50000,
                "currency": "KES",
                "account_raw": "-",
                "device_id": rows[number % len(rows)].id,
                "customer_id": rows[number % len(rows)].owner_id,
                "payer_kind": "none",
                "paid_at": at,
                "paid_on": at.date(),
                "received_at": at,
                "next_attempt_at": at,
            }
            for number in range(count)
        ],
    )

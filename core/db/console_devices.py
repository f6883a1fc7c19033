"""Devices for the console: the list, one with its sales, tokens and payments, plans to set."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, text

from core.db.console_lists import Query

_COLUMNS = (
    "d.id, d.serial, d.kind, m.name AS manufacturer, m.token_family, t.name AS tariff,"
    " p.name AS plan, d.owner_id, d.assigned_on,"
    " CASE WHEN d.retired_on IS NOT NULL THEN 'retired' WHEN d.owner_id IS NULL THEN 'in_stock'"
    " ELSE 'owned' END AS place,"
    " concat_ws(' ', c.name, c.surname) AS owner"
)
_TABLES = (
    "devices d JOIN manufacturers m ON m.id = d.manufacturer_id"
    " LEFT JOIN tariffs t ON t.id = d.tariff_id LEFT JOIN plan_offers p ON p.id = d.plan_offer_id"
    " LEFT JOIN customers c ON c.id = d.owner_id"
)

DEVICES = Query(
    _COLUMNS,
    _TABLES,
    key="d.id",
    where={
        "serial": "d.serial = :serial",
        "kind": "d.kind = :kind",
        "maker": "m.code = :maker",
        "tariff": "t.code = :tariff",
        "in_stock": "d.owner_id IS NULL AND d.retired_on IS NULL",
        "retired": "d.retired_on IS NOT NULL",
        "owned": "d.owner_id IS NOT NULL",
    },
)

# By what is indexed: payments that gave it a token, and those of whoever has it or bought it.
_PAYMENTS = text(
    """
    WITH theirs AS (
        SELECT payment_id AS id FROM tokens WHERE device_id = :id AND payment_id IS NOT NULL
        UNION
        SELECT id FROM payments WHERE device_id = :id AND customer_id IN (
            SELECT owner_id FROM devices WHERE id = :id
            UNION SELECT customer_id FROM sales WHERE device_id = :id)
    )
    SELECT p.id, p.receipt, p.amount_minor, p.received_at, p.state
      FROM theirs JOIN payments p USING (id) ORDER BY p.id DESC LIMIT :limit
    """
)


def find_device_row(connection: Connection, device_id: int) -> Row[Any] | None:
    """One device, as in the list, with its counter and whether it has a key of its own."""
    return connection.execute(
        text(
            f"SELECT {_COLUMNS}, d.token_counter, d.sealed_key IS NOT NULL AS has_key,"
            " d.retired_on, d.replaced_by_id,"
            " (SELECT serial FROM devices n WHERE n.id = d.replaced_by_id) AS replaced_by"
            f" FROM {_TABLES} WHERE d.id = :id"
        ),
        {"id": device_id},
    ).one_or_none()


def sales_of_device(connection: Connection, device_id: int) -> list[Row[Any]]:
    """What it was sold by, the newest first, with what is paid on each."""
    rows = connection.execute(
        text(
            "SELECT s.id, s.customer_id, concat_ws(' ', c.name, c.surname) AS customer,"
            " a.name AS appliance, s.sold_on, s.state, s.total_minor,"
            " coalesce((SELECT sum(paid_minor) FROM instalments i WHERE i.sale_id = s.id), 0)"
            "::bigint AS paid_minor FROM sales s JOIN appliances a ON a.id = s.appliance_id"
            " JOIN customers c ON c.id = s.customer_id WHERE s.device_id = :id ORDER BY s.id DESC"
        ),
        {"id": device_id},
    )
    return list(rows)


def tokens_of_device(connection: Connection, device_id: int, limit: int) -> list[Row[Any]]:
    """(id, serial, kind, units, issued) of its newest tokens: never the text."""
    rows = connection.execute(
        text(
            "SELECT t.id, d.serial, t.kind, t.units, t.issued_at FROM tokens t"
            " JOIN devices d ON d.id = t.device_id WHERE t.device_id = :id"
            " ORDER BY t.counter DESC LIMIT :limit"
        ),
        {"id": device_id, "limit": limit},
    )
    return list(rows)


def payments_of_device(connection: Connection, device_id: int, limit: int) -> list[Row[Any]]:
    """The newest payments for it."""
    return list(connection.execute(_PAYMENTS, {"id": device_id, "limit": limit}))


def plans_for_kind(connection: Connection, kind: str | None = None) -> list[tuple[str, str]]:
    """(code, name) of the plans offered for appliances of that kind, or of any."""
    rows = connection.execute(
        text(
            "SELECT p.code, a.name || ': ' || p.name FROM plan_offers p"
            " JOIN appliances a ON a.id = p.appliance_id"
            " WHERE a.kind = coalesce(CAST(:kind AS text), a.kind) AND a.kind <> 'other'"
            " ORDER BY a.name, p.name"
        ),
        {"kind": kind},
    )
    return [(row[0], row[1]) for row in rows]

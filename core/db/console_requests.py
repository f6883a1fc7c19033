"""Registrations that wait for somebody's word, for the console."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, text

from core.db.console_lists import Query

_COLUMNS = (
    "r.id, r.asked_at, r.msisdn, r.device_id, d.serial, d.kind, m.name AS manufacturer,"
    " c.id AS customer_id, concat_ws(' ', coalesce(c.name, r.name),"
    " coalesce(c.surname, r.surname)) AS person, r.name, r.surname, r.village,"
    " t.code AS tariff, p.code AS plan"
)
_TABLES = (
    "device_requests r JOIN devices d ON d.id = r.device_id"
    " JOIN manufacturers m ON m.id = d.manufacturer_id"
    " LEFT JOIN customer_msisdns n ON n.msisdn = r.msisdn LEFT JOIN customers c"
    " ON c.id = n.customer_id LEFT JOIN tariffs t ON t.id = d.tariff_id"
    " LEFT JOIN plan_offers p ON p.id = d.plan_offer_id"
)
# The oldest first: who waits longest is answered first.
REQUESTS = Query(
    _COLUMNS,
    _TABLES,
    key="r.id",
    newest_first=False,
    where={
        "always": "d.owner_id IS NULL",
        "serial": "d.serial = :serial",
        "msisdn": "r.msisdn = :msisdn",
        "kind": "d.kind = :kind",
    },
)


def find_request(connection: Connection, request_id: int) -> Row[Any] | None:
    """One of them, as in the list."""
    return connection.execute(
        text(f"SELECT {_COLUMNS} FROM {_TABLES} WHERE r.id = :id AND d.owner_id IS NULL"),
        {"id": request_id},
    ).one_or_none()

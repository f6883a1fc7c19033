"""People who wait for a device in stock whose tariff or plan is not set yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

_AT_MOST = 20


@dataclass(frozen=True, slots=True)
class StoredDeviceRequest:
    """Who wants what. `name` is empty for a number that was a customer's when it asked."""

    id: int
    serial: str
    kind: str
    manufacturer: str
    msisdn: str
    name: str
    surname: str
    village: str


def store_device_request(connection: Connection, row: dict[str, Any]) -> bool:
    """Store it; asked again it only becomes newer, and False is answered."""
    columns, slots = ", ".join(row), ", ".join(f":{name}" for name in row)
    is_new: bool = connection.execute(
        text(
            f"INSERT INTO device_requests ({columns}) VALUES ({slots})"
            " ON CONFLICT (device_id, msisdn) DO UPDATE SET asked_at = excluded.asked_at"
            " RETURNING xmax = 0"
        ),
        row,
    ).scalar_one()
    return is_new


def device_requests(
    connection: Connection, since: datetime, villages: list[str]
) -> list[StoredDeviceRequest]:
    """The newest requests since then for devices still in stock; those of other villages left out
    where an agent serves only some."""
    rows = connection.execute(
        text(
            "SELECT r.id, d.serial, d.kind, m.code, r.msisdn, r.name, r.surname, r.village"
            " FROM device_requests r JOIN devices d ON d.id = r.device_id"
            " JOIN manufacturers m ON m.id = d.manufacturer_id"
            " WHERE r.asked_at > :since AND d.owner_id IS NULL"
            " AND (cardinality(CAST(:villages AS text[])) = 0 OR r.village = ''"
            " OR r.village = ANY(:villages)) ORDER BY r.asked_at DESC, r.id DESC LIMIT :most"
        ),
        {"since": since, "villages": villages, "most": _AT_MOST},
    )
    return [StoredDeviceRequest(*row) for row in rows]


def take_requests_for(connection: Connection, serial: str) -> list[str]:
    """End all requests for a device; who had asked."""
    rows = connection.execute(
        text(
            "DELETE FROM device_requests r USING devices d"
            " WHERE d.id = r.device_id AND d.serial = :serial RETURNING r.msisdn"
        ),
        {"serial": serial},
    )
    return list(rows.scalars())


def delete_device_request(connection: Connection, request_id: int) -> None:
    """It is not granted."""
    connection.execute(text("DELETE FROM device_requests WHERE id = :id"), {"id": request_id})


def count_requests_of(connection: Connection, msisdn: str, since: datetime) -> int:
    """How many devices this number has asked for since then."""
    return int(
        connection.execute(
            text(
                "SELECT count(*) FROM device_requests WHERE msisdn = :msisdn AND asked_at > :since"
            ),
            {"msisdn": msisdn, "since": since},
        ).scalar_one()
    )

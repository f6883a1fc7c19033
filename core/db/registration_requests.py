"""Registrations that agents asked for by text and have not confirmed yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, text

_TERMS = "tariff, appliance, scheme, count, instalment_minor, cadence, down_payment_minor"
_COLUMNS = f"id, agent_id, serial, phone, village, name, surname, {_TERMS}"


@dataclass(frozen=True, slots=True)
class StoredRequest:
    """A request as stored: a meter has a `tariff`, anything else an `appliance` with its plan."""

    id: int
    agent_id: int
    serial: str
    phone: str
    village: str
    name: str
    surname: str
    tariff: str | None
    appliance: str | None
    scheme: str | None
    count: int | None
    instalment_minor: int | None
    cadence: str | None
    down_payment_minor: int


def store_request(connection: Connection, row: dict[str, Any]) -> None:
    """Store it; an earlier one of the same agent for the same device is replaced."""
    columns, slots = ", ".join(row), ", ".join(f":{name}" for name in row)
    changed = ", ".join(f"{name} = excluded.{name}" for name in row)
    connection.execute(
        text(
            f"INSERT INTO pending_registrations ({columns}) VALUES ({slots})"
            f" ON CONFLICT (agent_id, serial) DO UPDATE SET {changed}"
        ),
        row,
    )


def requests_of(connection: Connection, agent_id: int, since: datetime) -> list[StoredRequest]:
    """What an agent asked for since then, the newest first."""
    rows = connection.execute(
        text(
            f"SELECT {_COLUMNS} FROM pending_registrations"
            " WHERE agent_id = :agent AND asked_at > :since ORDER BY asked_at DESC, id DESC"
        ),
        {"agent": agent_id, "since": since},
    )
    return [StoredRequest(*row) for row in rows]


def delete_request(connection: Connection, agent_id: int, serial: str) -> None:
    """It is confirmed, or not wanted any more."""
    connection.execute(
        text("DELETE FROM pending_registrations WHERE agent_id = :agent AND serial = :serial"),
        {"agent": agent_id, "serial": serial},
    )


def code_like(connection: Connection, table: Table, typed: str) -> str | None:
    """Return the code of the catalogue row that was typed, in any case; None if not unique."""
    found = connection.execute(
        text(f"SELECT code FROM {table.name} WHERE lower(code) = lower(:typed)"), {"typed": typed}
    ).scalars()
    codes = list(found)
    return codes[0] if len(codes) == 1 else None


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

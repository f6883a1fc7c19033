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
    """The code of a catalogue row as somebody typed it, in any case; None when none or several."""
    found = connection.execute(
        text(f"SELECT code FROM {table.name} WHERE lower(code) = lower(:typed)"), {"typed": typed}
    ).scalars()
    codes = list(found)
    return codes[0] if len(codes) == 1 else None

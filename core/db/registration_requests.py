"""Registrations that wait: those agents asked for by SMS, and callers' requests for a device."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, text

from core.db.plan_offers import TERMS_COLUMNS, terms_as_stored, terms_of_row
from core.plan import PlanTerms
from core.vend import SerialCheckState


@dataclass(frozen=True, slots=True)
class StoredRequest:
    """A registration an agent asked for: a meter has a `tariff` (a code), any other device `terms`.

    `village` is a code, empty for none; `name` may be empty for a number that is a customer's.
    """

    request_id: int
    serial: str
    phone: str
    village: str
    name: str
    surname: str
    tariff: str | None
    terms: PlanTerms | None


# A tariff stands in place of these.
_NO_TERMS = {
    "scheme": None, "count": None, "instalment_minor": None, "cadence": None,
    "down_payment_minor": 0,
}  # fmt: skip


def store_request(
    connection: Connection,
    agent_id: int,
    request: StoredRequest,
    asked_at: datetime,
    *,
    is_confirmed: bool = False,
) -> int:
    """Store a registration and return its id, which is new: an earlier one of the same agent for
    the same device is deleted, so that a confirmation of that one does nothing. One that the agent
    has confirmed waits for the vendor."""
    delete_request(connection, agent_id, request.serial)
    row = {
        "agent_id": agent_id,
        "serial": request.serial,
        "phone": request.phone,
        "village": request.village,
        "name": request.name,
        "surname": request.surname,
        "tariff": request.tariff,
        "appliance": request.terms and request.terms.appliance,
        **(terms_as_stored(request.terms) if request.terms else _NO_TERMS),
        "asked_at": asked_at,
        "confirmed_at": asked_at if is_confirmed else None,
    }
    columns, slots = ", ".join(row), ", ".join(f":{name}" for name in row)
    request_id: int = connection.execute(
        text(f"INSERT INTO pending_registrations ({columns}) VALUES ({slots}) RETURNING id"), row
    ).scalar_one()
    return request_id


def requests_of(
    connection: Connection, agent_id: int, since: datetime, currency: str
) -> list[StoredRequest]:
    """Return what an agent asked for since then, the newest first."""
    rows = connection.execute(
        text(
            f"SELECT id, serial, phone, village, name, surname, tariff, appliance, {TERMS_COLUMNS}"
            " FROM pending_registrations"
            " WHERE agent_id = :agent AND asked_at > :since AND confirmed_at IS NULL"
            " ORDER BY asked_at DESC, id DESC"
        ),
        {"agent": agent_id, "since": since},
    )
    return [_request(row, currency) for row in rows]


def _request(row: Row[Any], currency: str) -> StoredRequest:
    return StoredRequest(
        row.id,
        row.serial,
        row.phone,
        row.village,
        row.name,
        row.surname,
        row.tariff,
        row.appliance and terms_of_row(row, row.appliance, currency),
    )


@dataclass(frozen=True, slots=True)
class AnsweredRequest:
    """A confirmed registration of an agent, the device's manufacturer (a code) and kind, and what
    the vendor said of it."""

    request: StoredRequest
    agent_id: int
    manufacturer: str
    kind: str
    state: SerialCheckState


def claim_answered(connection: Connection, currency: str) -> AnsweredRequest | None:
    """Delete a confirmed registration whose device the vendor was asked about, and return it; None
    where none is left."""
    row = connection.execute(
        text(
            "SELECT p.id, p.serial, p.phone, p.village, p.name, p.surname, p.tariff, p.appliance,"
            f" {TERMS_COLUMNS}, p.agent_id, c.code AS manufacturer, c.kind, c.state"
            " FROM pending_registrations p JOIN LATERAL (SELECT m.code, k.kind, k.state"
            " FROM serial_checks k JOIN manufacturers m ON m.id = k.manufacturer_id"
            " WHERE k.serial = p.serial ORDER BY k.asked_at DESC, k.id DESC LIMIT 1) c ON true"
            " WHERE p.confirmed_at IS NOT NULL AND c.state <> 'asking'"
            " ORDER BY p.id LIMIT 1 FOR UPDATE OF p SKIP LOCKED"
        )
    ).one_or_none()
    if row is None:
        return None
    connection.execute(text("DELETE FROM pending_registrations WHERE id = :id"), {"id": row.id})
    return AnsweredRequest(
        _request(row, currency), row.agent_id, row.manufacturer, row.kind, row.state
    )


def delete_request(connection: Connection, agent_id: int, serial: str) -> None:
    """Delete a registration that was confirmed or dropped."""
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
    """A caller's request for a device in stock. `manufacturer` and `village` are codes.

    `name` is empty for a number that was a customer's when it asked.
    """

    id: int
    serial: str
    kind: str
    manufacturer: str
    msisdn: str
    name: str
    surname: str
    village: str


def store_device_request(connection: Connection, row: dict[str, Any]) -> bool:
    """Store a request. Return False where there was one: it only becomes newer."""
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
    """Return the newest requests since then for devices that are still in stock.

    `villages` are the codes an agent serves, none for all.
    """
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


def delete_requests_for(connection: Connection, device_id: int) -> list[str]:
    """Delete all requests for a device. Return the numbers they came from."""
    rows = connection.execute(
        text("DELETE FROM device_requests WHERE device_id = :id RETURNING msisdn"),
        {"id": device_id},
    )
    return list(rows.scalars())


def delete_device_request(connection: Connection, request_id: int) -> None:
    """Delete a request that was declined."""
    connection.execute(text("DELETE FROM device_requests WHERE id = :id"), {"id": request_id})


def count_requests_of(connection: Connection, msisdn: str, since: datetime) -> int:
    """Return how many devices this number has requested since then."""
    return int(
        connection.execute(
            text(
                "SELECT count(*) FROM device_requests WHERE msisdn = :msisdn AND asked_at > :since"
            ),
            {"msisdn": msisdn, "since": since},
        ).scalar_one()
    )

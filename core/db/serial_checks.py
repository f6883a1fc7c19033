"""Questions to vendors: whether they have a device with a serial number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from core.device import DeviceKind
from core.vend import SerialCheckState

# A vendor that does not have a device may have it later: it is asked again after so long.
_AGAIN_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class AskedManufacturer:
    """A manufacturer whose vendor can be asked: its code, and a kind of device that it makes."""

    manufacturer: str
    kind: DeviceKind


@dataclass(frozen=True, slots=True)
class SerialCheck:
    """A question that is claimed; `attempts` counts this one."""

    id: int
    serial: str
    asked_at: datetime
    attempts: int


def askable_manufacturers(
    connection: Connection, kind: str | None, manufacturer: str | None
) -> list[AskedManufacturer]:
    """Return the manufacturers, or the one named, whose vendor says whether it has a device (of
    that kind, or of the only kind that it makes)."""
    rows = connection.execute(
        text(
            "SELECT m.code, coalesce(CAST(:kind AS text), m.kinds[1]) FROM manufacturers m"
            " JOIN vendor_accounts v ON v.vendor = m.token_family AND v.account = m.account"
            " WHERE v.can_check AND m.code = coalesce(CAST(:manufacturer AS text), m.code)"
            " AND CASE WHEN CAST(:kind AS text) IS NULL THEN cardinality(m.kinds) = 1"
            " ELSE :kind = ANY(m.kinds) END ORDER BY m.code"
        ),
        {"kind": kind, "manufacturer": manufacturer},
    )
    return [AskedManufacturer(row[0], row[1]) for row in rows]


def ask_serial(
    connection: Connection,
    serial: str,
    asked: AskedManufacturer,
    agent_id: int | None,
    operator: str | None,
    now: datetime,
) -> bool:
    """Ask a vendor about a serial number; an answer of the last hour stays, and a device that it
    has stays found. Returns whether a worker has to ask."""
    return (
        connection.execute(
            text(
                "INSERT INTO serial_checks AS c (serial, kind, manufacturer_id, agent_id, operator,"
                " asked_at, next_attempt_at) SELECT :serial, :kind, id, :agent, :operator, :now,"
                " :now FROM manufacturers WHERE code = :manufacturer"
                " ON CONFLICT (serial, manufacturer_id) DO UPDATE SET state = 'asking',"
                " kind = excluded.kind, agent_id = excluded.agent_id,"
                " operator = excluded.operator, words = NULL, asked_at = excluded.asked_at,"
                " answered_at = NULL, attempts = 0, next_attempt_at = excluded.next_attempt_at"
                " WHERE c.state IN ('not_found', 'no_answer') AND c.answered_at <= :again_before"
                " RETURNING id"
            ),
            {
                "serial": serial,
                "kind": asked.kind,
                "manufacturer": asked.manufacturer,
                "agent": agent_id,
                "operator": operator,
                "now": now,
                "again_before": now - _AGAIN_AFTER,
            },
        ).one_or_none()
        is not None
    )


def state_of(connection: Connection, serial: str, manufacturer: str) -> SerialCheckState | None:
    """Return what the vendor of that manufacturer said of a serial number, if it was asked."""
    state: SerialCheckState | None = connection.execute(
        text(
            "SELECT c.state FROM serial_checks c JOIN manufacturers m ON m.id = c.manufacturer_id"
            " WHERE c.serial = :serial AND m.code = :manufacturer"
        ),
        {"serial": serial, "manufacturer": manufacturer},
    ).scalar_one_or_none()
    return state


def count_asked(connection: Connection, agent_id: int, since: datetime) -> tuple[int, int]:
    """Return about how many serial numbers an agent had vendors asked since then, and how many of
    these they do not have."""
    row = connection.execute(
        text(
            "SELECT count(*), count(*) FILTER (WHERE state = 'not_found') FROM serial_checks"
            " WHERE agent_id = :agent AND asked_at > :since"
        ),
        {"agent": agent_id, "since": since},
    ).one()
    return row[0], row[1]


def claim_checks(
    connection: Connection, account: tuple[str, str], now: datetime, until: datetime, limit: int
) -> list[SerialCheck]:
    """Claim up to `limit` questions that are due for an account (vendor, name) until then."""
    rows = connection.execute(
        text(
            "UPDATE serial_checks SET attempts = attempts + 1, next_attempt_at = :until"
            " WHERE id IN (SELECT c.id FROM serial_checks c"
            " JOIN manufacturers m ON m.id = c.manufacturer_id WHERE c.next_attempt_at <= :now"
            " AND m.token_family = :vendor AND m.account = :account"
            " ORDER BY c.next_attempt_at, c.id LIMIT :limit FOR UPDATE OF c SKIP LOCKED)"
            " RETURNING id, serial, asked_at, attempts"
        ),
        {"vendor": account[0], "account": account[1], "now": now, "until": until, "limit": limit},
    )
    return [SerialCheck(*row) for row in rows]


def record_answer(
    connection: Connection, check_id: int, state: SerialCheckState, words: str, now: datetime
) -> None:
    """Store what a vendor said, once."""
    connection.execute(
        text(
            "UPDATE serial_checks SET state = :state, words = :words, answered_at = :now,"
            " next_attempt_at = NULL WHERE id = :id AND state = 'asking'"
        ),
        {"id": check_id, "state": state, "words": words or None, "now": now},
    )


def ask_later(connection: Connection, check_id: int, at: datetime) -> None:
    """Have a question asked again at that instant."""
    connection.execute(
        text("UPDATE serial_checks SET next_attempt_at = :at WHERE id = :id AND state = 'asking'"),
        {"id": check_id, "at": at},
    )


def unknown_to_vendors(connection: Connection) -> list[str]:
    """Return the serial numbers of devices in use or stock that their vendor does not have."""
    rows = connection.execute(
        text(
            "SELECT d.serial FROM serial_checks c JOIN devices d ON d.serial = c.serial"
            " AND d.manufacturer_id = c.manufacturer_id WHERE c.state = 'not_found'"
            " AND d.retired_on IS NULL ORDER BY d.serial"
        )
    )
    return list(rows.scalars())

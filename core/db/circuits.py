"""Circuits of providers: how many calls failed in a row, and since when no more are made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class OpenCircuit:
    """A provider that is not called since `open_since`; `code` is that of the last failure."""

    provider: str
    failures: int
    code: str
    open_since: datetime


def open_circuits(connection: Connection) -> list[OpenCircuit]:
    """Return the open circuits, by provider."""
    rows = connection.execute(
        text(
            "SELECT provider, failures, code, open_since FROM circuits"
            " WHERE open_since IS NOT NULL ORDER BY provider"
        )
    )
    return [OpenCircuit(*row) for row in rows]


def is_open(connection: Connection, provider: str) -> bool:
    """Return whether the circuit of a provider is open."""
    return bool(
        connection.execute(
            text(
                "SELECT EXISTS (SELECT FROM circuits"
                " WHERE provider = :provider AND open_since IS NOT NULL)"
            ),
            {"provider": provider},
        ).scalar_one()
    )


def claim_probe(connection: Connection, provider: str, now: datetime, next_at: datetime) -> bool:
    """Claim the one call that is due on an open circuit; the next is due at `next_at`."""
    claimed = connection.execute(
        text(
            "UPDATE circuits SET probe_at = :next_at"
            " WHERE provider = :provider AND open_since IS NOT NULL AND probe_at <= :now"
        ),
        {"provider": provider, "now": now, "next_at": next_at},
    )
    return claimed.rowcount == 1


def add_failure(
    connection: Connection,
    provider: str,
    code: str,
    instants: tuple[datetime, datetime],
    limit: int,
) -> int:
    """Count a failure in a row, and return which it is; with number `limit` the circuit opens.

    `instants`: now, and when the next call is due on an open circuit.
    """
    now, probe_at = instants
    return int(
        connection.execute(
            text(
                "INSERT INTO circuits (provider, failures, code, probe_at)"
                " VALUES (:provider, 1, :code, :probe_at) ON CONFLICT (provider) DO UPDATE"
                " SET failures = circuits.failures + 1, code = :code, probe_at = :probe_at,"
                " open_since = CASE WHEN circuits.failures + 1 >= :limit"
                " THEN coalesce(circuits.open_since, :now) END RETURNING failures"
            ),
            {"provider": provider, "code": code, "now": now, "probe_at": probe_at, "limit": limit},
        ).scalar_one()
    )


def close_circuit(connection: Connection, provider: str) -> datetime | None:
    """Forget the failures of a provider; returns since when its circuit was open, None if it was
    not."""
    return connection.execute(
        text("DELETE FROM circuits WHERE provider = :provider RETURNING open_since"),
        {"provider": provider},
    ).scalar_one_or_none()

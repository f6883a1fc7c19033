"""Rows of every kind that wait for a worker, and making them due again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, text

Kind = Literal["payment", "prompt", "text"]

# Where each kind is kept: table, since when it is there, what was last said about it.
_KEPT: dict[Kind, tuple[str, str, str]] = {
    "payment": ("payments", "received_at", "problem"),
    "prompt": ("prompts", "created_at", "provider_code"),
    "text": ("sms", "created_at", "provider_status"),
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A waiting row and its progress; `next_attempt_at` None: no worker will look at it again."""

    kind: Kind
    id: int
    state: str
    since: datetime
    why: str | None
    attempts: int
    next_attempt_at: datetime | None


def lock_waiting(connection: Connection, kind: Kind, row_id: int) -> Waiting | None:
    """Return the row, locked; None when there is no such row."""
    table, since, why = _KEPT[kind]
    row = connection.execute(
        text(
            f"SELECT state, {since}, {why}, attempts, next_attempt_at FROM {table}"
            " WHERE id = :id FOR NO KEY UPDATE"
        ),
        {"id": row_id},
    ).one_or_none()
    return None if row is None else Waiting(kind, row_id, *row)


def put_back(connection: Connection, row: Waiting, state: str, now: datetime) -> None:
    """Set the row to that state, due now, as if it had never been tried."""
    table = _KEPT[row.kind][0]
    connection.execute(
        text(
            f"UPDATE {table} SET state = :state, attempts = 0, next_attempt_at = :now"
            " WHERE id = :id"
        ),
        {"id": row.id, "state": state, "now": now},
    )


def is_too_late(connection: Connection, text_id: int, now: datetime) -> bool:
    """Return whether an SMS has expired, or its text is kept no longer."""
    return bool(
        connection.execute(
            text("SELECT coalesce(expires_at <= :now, false) OR body = '' FROM sms WHERE id = :id"),
            {"id": text_id, "now": now},
        ).scalar_one()
    )


# Texts that a provider did not take: those that wait for a later attempt, and those that were given
# up since an instant and are still worth sending to whom they were written.
_NOT_TAKEN = """
    FROM sms s WHERE s.id > :after AND s.body <> ''
     AND (s.expires_at IS NULL OR s.expires_at > :now)
     AND (s.state = 'waiting' AND s.attempts > 0 AND s.next_attempt_at > :now
          OR s.state = 'failed' AND s.created_at >= :failed_since
             AND NOT EXISTS (SELECT FROM past_msisdns p WHERE p.msisdn = s.msisdn
                                AND s.created_at <= p.held_until
                                AND NOT EXISTS (SELECT FROM customer_msisdns n
                                                 WHERE n.msisdn = p.msisdn
                                                   AND n.customer_id = p.customer_id)))
"""


def count_not_taken(
    connection: Connection, now: datetime, failed_since: datetime | None
) -> tuple[int, int]:
    """Return how many texts wait for a later attempt, and how many failed since that instant; none
    failed where it is None."""
    row = connection.execute(
        text(
            "SELECT count(*) FILTER (WHERE s.state = 'waiting'),"
            f" count(*) FILTER (WHERE s.state = 'failed') {_NOT_TAKEN}"
        ),
        {"after": 0, "now": now, "failed_since": failed_since},
    ).one()
    return row[0], row[1]


def put_back_texts(
    connection: Connection, now: datetime, failed_since: datetime | None, after: int, limit: int
) -> list[int]:
    """Make up to `limit` texts that were not taken due now, from id `after` on; returns their ids.
    Those that failed are left where `failed_since` is None."""
    rows = connection.execute(
        text(
            "UPDATE sms SET state = 'waiting', attempts = 0, next_attempt_at = :now WHERE id IN"
            f" (SELECT s.id {_NOT_TAKEN} ORDER BY s.id LIMIT :limit"
            " FOR NO KEY UPDATE OF s SKIP LOCKED) RETURNING id"
        ),
        {"after": after, "now": now, "failed_since": failed_since, "limit": limit},
    )
    return sorted(rows.scalars())


# The same conditions under which the jobs of a queue claim their rows.
_WAITING = {
    "payments": "SELECT count(*) FROM payments WHERE state = 'received'",
    "prompts": "SELECT count(*) FROM prompts WHERE next_attempt_at IS NOT NULL"
    " AND state <> 'approved'",
    "sms": "SELECT count(*) FROM sms WHERE next_attempt_at IS NOT NULL",
    "vends": "SELECT count(*) FROM vends WHERE next_attempt_at IS NOT NULL",
    "reconciliation": "SELECT (SELECT count(*) FROM refunds WHERE next_attempt_at IS NOT NULL)"
    " + (SELECT count(*) FROM prompts WHERE state = 'approved' AND next_attempt_at IS NOT NULL)",
}

_UNSETTLED = {
    "suspense": "SELECT count(*) FROM payments WHERE state = 'suspense'",
    "case": "SELECT count(*) FROM cases WHERE closed_at IS NULL",
    "vend": "SELECT count(*) FROM vends WHERE state = 'unknown' AND next_attempt_at IS NULL"
    " OR state IN ('refused', 'withdrawn') AND NOT given_back AND payment_id IS NOT NULL",
    "device_request": "SELECT count(*) FROM device_requests r JOIN devices d ON d.id = r.device_id"
    " WHERE d.owner_id IS NULL",
}


def count_waiting(connection: Connection) -> dict[str, int]:
    """Return how many rows wait in each queue, now or for later."""
    return _counts(connection, _WAITING)


def count_unsettled(connection: Connection) -> dict[str, int]:
    """Return how many items wait for an operator: unmatched payments, cases, vends, device
    requests."""
    return _counts(connection, _UNSETTLED)


def _counts(connection: Connection, queries: Mapping[str, str]) -> dict[str, int]:
    return {
        name: int(connection.execute(text(query)).scalar_one()) for name, query in queries.items()
    }

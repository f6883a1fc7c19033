"""How much waits for workers, by queue, and how much for a person."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, text

# The same conditions under which the jobs of a queue claim their rows.
_WAITING = {
    "payments": "SELECT count(*) FROM payments WHERE state = 'received'",
    "prompts": "SELECT count(*) FROM prompts WHERE next_attempt_at IS NOT NULL"
    " AND state <> 'approved'",
    "texts": "SELECT count(*) FROM sms WHERE next_attempt_at IS NOT NULL",
    "money_back": "SELECT (SELECT count(*) FROM refunds WHERE next_attempt_at IS NOT NULL)"
    " + (SELECT count(*) FROM prompts WHERE state = 'approved' AND next_attempt_at IS NOT NULL)",
}

_UNSETTLED = {
    "suspense": "SELECT count(*) FROM payments WHERE state = 'suspense'",
    "case": "SELECT count(*) FROM cases WHERE closed_at IS NULL",
    "device_request": "SELECT count(*) FROM device_requests r JOIN devices d ON d.id = r.device_id"
    " WHERE d.owner_id IS NULL",
}


def count_waiting(connection: Connection) -> dict[str, int]:
    """How many rows wait in each queue, now or for later."""
    return _counts(connection, _WAITING)


def count_unsettled(connection: Connection) -> dict[str, int]:
    """How much only a person can settle: unmatched payments, cases, requests for a device."""
    return _counts(connection, _UNSETTLED)


def _counts(connection: Connection, queries: Mapping[str, str]) -> dict[str, int]:
    return {
        name: int(connection.execute(text(query)).scalar_one()) for name, query in queries.items()
    }

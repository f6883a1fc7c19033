"""How much waits for workers, by queue."""

from __future__ import annotations

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


def count_waiting(connection: Connection) -> dict[str, int]:
    """How many rows wait in each queue, now or for later."""
    return {
        queue: int(connection.execute(text(query)).scalar_one())
        for queue, query in _WAITING.items()
    }

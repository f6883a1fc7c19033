"""Effects of USSD turns: each key is used once, in the transaction of what the effect caused.

An aggregator may use a session id again. An effect older than any session or repeated callback
belongs to an earlier session and is replaced.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

# Networks end a session after 180 s at most; this leaves room for callbacks that come again.
EFFECT_LIFETIME = timedelta(minutes=15)


def claim_effect(connection: Connection, ussd_session: str, position: int, now: datetime) -> bool:
    """Claim the key of an effect; False when it was executed in this session before.

    A second claim waits here for the first transaction to end before anything is done.
    """
    claimed = connection.execute(
        text(
            "INSERT INTO ussd_effects AS e (ussd_session, position, result, created_at)"
            " VALUES (:session, :position, '{}', :now)"
            " ON CONFLICT (ussd_session, position) DO UPDATE SET created_at = excluded.created_at"
            " WHERE e.created_at < :since"
        ),
        {"session": ussd_session, "position": position, "now": now, "since": now - EFFECT_LIFETIME},
    )
    return claimed.rowcount == 1


def save_effect(
    connection: Connection, ussd_session: str, position: int, result: dict[str, Any]
) -> None:
    """Store the result of the effect under a claimed key."""
    connection.execute(
        text(
            "UPDATE ussd_effects SET result = CAST(:result AS jsonb)"
            " WHERE ussd_session = :session AND position = :position"
        ),
        {"session": ussd_session, "position": position, "result": json.dumps(result)},
    )


def find_effect(
    connection: Connection, ussd_session: str, position: int, now: datetime
) -> dict[str, Any] | None:
    """Return the result of the effect under this key, if it was executed in this session."""
    result: dict[str, Any] | None = connection.execute(
        text(
            "SELECT result FROM ussd_effects WHERE ussd_session = :session"
            " AND position = :position AND created_at >= :since"
        ),
        {"session": ussd_session, "position": position, "since": now - EFFECT_LIFETIME},
    ).scalar_one_or_none()
    return result


def last_effect(connection: Connection, ussd_session: str, now: datetime) -> int:
    """Return the highest position with an effect in this session; 0 for none."""
    position: int = connection.execute(
        text(
            "SELECT coalesce(max(position), 0) FROM ussd_effects"
            " WHERE ussd_session = :session AND created_at >= :since"
        ),
        {"session": ussd_session, "since": now - EFFECT_LIFETIME},
    ).scalar_one()
    return position

"""Effects of USSD turns: each key is used once, in the transaction of what it caused.

An aggregator may use a session id again; what was done longer ago than any session or repeated
callback lasts belongs to another session, and makes way.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

# Networks end a session after 180 s at most; this leaves room for callbacks that come again.
EFFECT_LIFETIME = timedelta(minutes=15)


def claim_effect(connection: Connection, ussd_session: str, position: int, now: datetime) -> bool:
    """Take the key for what is about to be done; False when it was done in this session.

    Whoever comes second waits here for the transaction of the first, before doing anything.
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
    """Record what the effect under a claimed key answered."""
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
    """What the effect under this key answered, if it was done in this session."""
    result: dict[str, Any] | None = connection.execute(
        text(
            "SELECT result FROM ussd_effects WHERE ussd_session = :session"
            " AND position = :position AND created_at >= :since"
        ),
        {"session": ussd_session, "position": position, "since": now - EFFECT_LIFETIME},
    ).scalar_one_or_none()
    return result


def last_effect(connection: Connection, ussd_session: str, now: datetime) -> int:
    """The highest position at which something was done in this session; 0 for nothing."""
    position: int = connection.execute(
        text(
            "SELECT coalesce(max(position), 0) FROM ussd_effects"
            " WHERE ussd_session = :session AND created_at >= :since"
        ),
        {"session": ussd_session, "since": now - EFFECT_LIFETIME},
    ).scalar_one()
    return position

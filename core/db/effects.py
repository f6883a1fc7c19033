"""Effects of USSD turns: each key is used once, in the transaction of what it caused."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text


def find_effect(connection: Connection, ussd_session: str, position: int) -> dict[str, Any] | None:
    """What the effect under this key answered, if it has been done."""
    result: dict[str, Any] | None = connection.execute(
        text(
            "SELECT result FROM ussd_effects WHERE ussd_session = :session AND position = :position"
        ),
        {"session": ussd_session, "position": position},
    ).scalar_one_or_none()
    return result


def save_effect(
    connection: Connection, ussd_session: str, position: int, result: dict[str, Any], now: datetime
) -> None:
    """Record the effect. A second writer of the same key waits, then fails on the primary key."""
    connection.execute(
        text(
            "INSERT INTO ussd_effects (ussd_session, position, result, created_at)"
            " VALUES (:session, :position, CAST(:result AS jsonb), :now)"
        ),
        {
            "session": ussd_session,
            "position": position,
            "result": json.dumps(result),
            "now": now,
        },
    )

"""Effects of USSD menus: each key is used once, in the transaction of what the effect caused.

An aggregator may use a session id again. An effect older than any session or repeated callback
belongs to an earlier session and is replaced.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

# Networks end a session after 180 s at most, and a dropped call may be continued for ten minutes;
# this leaves room for callbacks that come again.
EFFECT_LIFETIME = timedelta(minutes=15)


def claim_effect(
    connection: Connection,
    key: tuple[str, int],
    place: tuple[str, int],
    now: datetime,
) -> bool:
    """Claim the key (conversation, number) of an effect; False when it was executed before.

    `place` is the session and the position in it. A second claim waits here for the first
    transaction to end before anything is done.
    """
    claimed = connection.execute(
        text(
            "INSERT INTO ussd_effects AS e"
            " (conversation, number, ussd_session, position, step, created_at)"
            " VALUES (:conversation, :number, :session, :position, '[]', :now)"
            " ON CONFLICT (conversation, number) DO UPDATE SET created_at = excluded.created_at,"
            " ussd_session = excluded.ussd_session, position = excluded.position"
            " WHERE e.created_at < :since"
        ),
        {
            "conversation": key[0],
            "number": key[1],
            "session": place[0],
            "position": place[1],
            "now": now,
            "since": now - EFFECT_LIFETIME,
        },
    )
    return claimed.rowcount == 1


def save_effect(connection: Connection, key: tuple[str, int], step: list[Any]) -> None:
    """Store what the caller is shown for the effect under a claimed key."""
    connection.execute(
        text(
            "UPDATE ussd_effects SET step = CAST(:step AS jsonb)"
            " WHERE conversation = :conversation AND number = :number"
        ),
        {"conversation": key[0], "number": key[1], "step": json.dumps(step)},
    )


_FIND = (
    "SELECT step FROM ussd_effects WHERE conversation = %s AND number = %s"
    " AND created_at >= CAST(%s AS timestamptz)"
)


def find_effect(connection: Connection, key: tuple[str, int], now: datetime) -> list[Any] | None:
    """Return what was shown for the effect under this key; None where it was not executed."""
    rows = connection.exec_driver_sql(_FIND, (*key, (now - EFFECT_LIFETIME).isoformat())).all()
    return rows[0][0] if rows else None


_LAST = (
    "SELECT position, step FROM ussd_effects WHERE ussd_session = %s AND position <= %s"
    " AND created_at >= CAST(%s AS timestamptz) ORDER BY position DESC LIMIT 1"
)


def last_effect(
    connection: Connection, ussd_session: str, up_to: int | None, now: datetime
) -> tuple[int, list[Any]] | None:
    """Return the position of the last effect of this session and what was shown for it.

    `up_to` is the last position that counts; None for all.
    """
    most = 2**31 - 1 if up_to is None else up_to
    since = (now - EFFECT_LIFETIME).isoformat()
    rows = connection.exec_driver_sql(_LAST, (ussd_session, most, since)).all()
    return (rows[0][0], rows[0][1]) if rows else None

"""Requests for acts that need a second person: the list of the console."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.act import ActName, ActState
from core.db.console.listing import Query


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request: who asked for which act, what it is worth, and how it ended."""

    id: int
    asked_at: datetime
    act: ActName
    asker: str
    value_minor: int
    reason: str
    state: ActState
    expires_at: datetime
    decider: str | None
    decided_at: datetime | None


REQUESTS = Query(
    RequestRow,
    "a.id, a.asked_at, a.act, u.name AS asker, a.value_minor, a.reason,"
    " CASE WHEN a.state = 'waiting' AND a.expires_at <= :now THEN 'expired' ELSE a.state END"
    " AS state, a.expires_at, d.name AS decider, a.decided_at",
    "operator_acts a JOIN console_users u ON u.id = a.user_id"
    " LEFT JOIN console_users d ON d.id = a.decided_by",
    key="a.id",
    where={
        "always": "a.state <> 'done'",
        "waiting": "a.state = 'waiting' AND a.expires_at > :now",
        "ended": "a.state <> 'waiting' OR a.expires_at <= :now",
    },
)

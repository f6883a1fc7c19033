"""Agents for the console: the list of what each may owe, owes and has earned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.db.console.listing import Query


@dataclass(frozen=True, slots=True)
class AgentRow:
    """An agent of the list. `left_minor`: what they may still take; `villages`: codes, with spaces
    between them; `pin`: `initial` or `own`."""

    id: int
    full_name: str
    msisdn: str
    float_limit_minor: int
    float_used_minor: int
    left_minor: int
    commission_minor: int
    villages: str
    locked_until: datetime | None
    pin: Literal["initial", "own"]


AGENTS = Query(
    AgentRow,
    "a.id, concat_ws(' ', a.name, a.surname) AS full_name, a.msisdn, a.float_limit_minor,"
    " a.float_used_minor, greatest(a.float_limit_minor - a.float_used_minor, 0) AS left_minor,"
    " a.commission_minor, array_to_string(a.villages, ' ') AS villages, a.locked_until,"
    " CASE WHEN a.pin_is_initial THEN 'initial' ELSE 'own' END AS pin",
    "agents a",
    key="a.id",
    where={
        "named": "lower(a.name) LIKE :named OR lower(a.surname) LIKE :named",
        "msisdn": "a.msisdn = :msisdn",
        "owing": "a.float_used_minor > 0",
        "full": "a.float_used_minor >= a.float_limit_minor",
    },
)

"""Requests to forget a person: each is done once, or refused with what stood in the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, text

from core.db.typed_rows import row_or_none
from core.person import TOMBSTONE, ErasureState, Person


@dataclass(frozen=True, slots=True)
class Erasure:
    """A request that waits."""

    id: int
    msisdn: str = field(repr=False)
    operator: str
    reason: str = field(repr=False)


def insert_erasure(
    connection: Connection, now: datetime, msisdn: str, operator: str, reason: str
) -> int:
    """Store a request; the id of the one that waits for the same number, where there is one."""
    return int(
        connection.execute(
            text(
                "INSERT INTO erasures (msisdn, operator, reason, ordered_at)"
                " VALUES (:msisdn, :operator, :reason, :now)"
                " ON CONFLICT (msisdn) WHERE state = 'waiting'"
                " DO UPDATE SET operator = excluded.operator, reason = excluded.reason RETURNING id"
            ),
            {"msisdn": msisdn, "operator": operator, "reason": reason.strip(), "now": now},
        ).scalar_one()
    )


def claim_erasure(connection: Connection, *, newest: bool = False) -> Erasure | None:
    """Return the oldest request that waits (or the newest), locked; None where none is free."""
    return row_or_none(
        connection,
        Erasure,
        "SELECT id, msisdn, operator, reason FROM erasures WHERE state = 'waiting'"
        f" ORDER BY id {'DESC' if newest else ''} LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED",
    )


def end_erasure(
    connection: Connection,
    now: datetime,
    request: int,
    state: ErasureState,
    person: Person,
    problem: str | None,
) -> None:
    """End a request: from now on only ids say who it was. `problem`: why it was refused."""
    connection.execute(
        text(
            "UPDATE erasures SET state = :state, msisdn = NULL, ended_at = :now,"
            " problem = :problem, customer_id = :customer, agent_id = :agent,"
            " reason = CASE WHEN :state = 'done' THEN :gone ELSE reason END WHERE id = :id"
        ),
        {
            "id": request,
            "state": state,
            "now": now,
            "problem": problem,
            "customer": person.customer_id,
            "agent": person.agent_ids[0] if person.agent_ids else None,
            "gone": TOMBSTONE,
        },
    )

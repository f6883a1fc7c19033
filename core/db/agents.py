"""Queries for agents: found and locked by number, their wrong PINs, what they owe and are owed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from core.agent import Agent

_COLUMNS = (
    "id, msisdn, name, surname, language, pin_hash, pin_is_initial, pin_misses, pin_locks,"
    " locked_until, float_limit_minor, float_used_minor, commission_minor,"
    " commission_collections_bp, commission_sales_bp, villages"
)


def lock_agent(connection: Connection, msisdn: str) -> Agent | None:
    """Return the agent with that number, locked: two actions of one agent wait for each other."""
    return _find_agent_where(connection, "msisdn", msisdn, " FOR NO KEY UPDATE")


def find_agent(connection: Connection, msisdn: str) -> Agent | None:
    """Return the agent with that number, or None."""
    return _find_agent_where(connection, "msisdn", msisdn, "")


def agent_with_id(connection: Connection, agent_id: int, *, lock: bool = False) -> Agent | None:
    """Return the agent with that id, locked if `lock`, or None."""
    return _find_agent_where(connection, "id", agent_id, " FOR NO KEY UPDATE" if lock else "")


def _find_agent_where(
    connection: Connection, column: str, value: str | int, lock: str
) -> Agent | None:
    row = connection.execute(
        text(f"SELECT {_COLUMNS} FROM agents WHERE {column} = :value{lock}"), {"value": value}
    ).one_or_none()
    return None if row is None else Agent(*row)


def agents_for(connection: Connection, village: str, limit: int) -> list[tuple[int, str, str]]:
    """Return (id, msisdn, language) of the agents who serve a village; of all agents for None."""
    rows = connection.execute(
        text(
            "SELECT id, msisdn, language FROM agents WHERE NOT pin_is_initial"
            " AND (cardinality(villages) = 0 OR :village = '' OR :village = ANY(villages))"
            " ORDER BY cardinality(villages) = 0, id LIMIT :limit"
        ),
        {"village": village, "limit": limit},
    )
    return [(row[0], row[1], row[2]) for row in rows]


def update_agent(connection: Connection, agent_id: int, **values: object) -> None:
    """Set columns of an agent."""
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    connection.execute(
        text(f"UPDATE agents SET {assignments} WHERE id = :id"), {"id": agent_id, **values}
    )


def next_cash_receipt(connection: Connection) -> str:
    """Return a new receipt number for cash that an agent collected: `AG000042`."""
    number = connection.execute(text("SELECT nextval('cash_receipts')")).scalar_one()
    return f"AG{number:06}"


def last_movements(
    connection: Connection, agent: Agent, limit: int
) -> list[tuple[str, str, int, datetime]]:
    """Return (kind of entry, reference, amount, instant) of an agent's last transactions, newest
    first.

    They are cash collected (`received`, by its receipt), cash deposited (`settled`) and reversals.
    Commission that was paid out is part of a deposit.
    """
    rows = connection.execute(
        text(
            "SELECT e.kind, coalesce(y.receipt, split_part(e.idempotency_key, ':', 2)),"
            " p.amount_minor, e.posted_at"
            " FROM postings p JOIN journal_entries e ON e.id = p.entry_id"
            " LEFT JOIN payments y ON y.id = CASE WHEN e.kind IN ('received', 'reversed')"
            " THEN CAST(split_part(e.idempotency_key, ':', 2) AS bigint) END"
            " WHERE p.account = :account ORDER BY p.id DESC LIMIT :limit"
        ),
        {"account": agent.clearing, "limit": limit},
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]

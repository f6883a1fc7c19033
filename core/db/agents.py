"""Agents: found and locked by number, their PIN misses, what they owe and are owed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_COLUMNS = (
    "id, msisdn, name, surname, language, pin_hash, pin_is_initial, pin_misses, locked_until,"
    " float_limit_minor, float_used_minor, commission_minor, commission_collections_bp,"
    " commission_sales_bp, villages"
)


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent. Commissions are in hundredths of a percent; money in minor units."""

    id: int
    msisdn: str
    name: str
    surname: str
    language: str
    pin_hash: str
    pin_is_initial: bool
    pin_misses: int
    locked_until: datetime | None
    float_limit_minor: int
    float_used_minor: int
    commission_minor: int
    commission_collections_bp: int
    commission_sales_bp: int
    villages: list[str]

    def __repr__(self) -> str:
        return f"Agent({self.id})"

    @property
    def clearing(self) -> str:
        """The account of what the agent owes the operator."""
        return f"clearing:agent:{self.id}"

    @property
    def commission(self) -> str:
        """The account of what the operator owes the agent."""
        return f"commission:agent:{self.id}"


def lock_agent(connection: Connection, msisdn: str) -> Agent | None:
    """The agent with that number, locked: what serialises two acts of one agent."""
    return _one(connection, msisdn, " FOR NO KEY UPDATE")


def find_agent(connection: Connection, msisdn: str) -> Agent | None:
    """The agent with that number."""
    return _one(connection, msisdn, "")


def _one(connection: Connection, msisdn: str, lock: str) -> Agent | None:
    row = connection.execute(
        text(f"SELECT {_COLUMNS} FROM agents WHERE msisdn = :msisdn{lock}"), {"msisdn": msisdn}
    ).one_or_none()
    return None if row is None else Agent(*row)


def update_agent(connection: Connection, agent_id: int, **values: object) -> None:
    """Set columns of an agent."""
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    connection.execute(
        text(f"UPDATE agents SET {assignments} WHERE id = :id"), {"id": agent_id, **values}
    )


def next_cash_receipt(connection: Connection) -> str:
    """A receipt number of ours for cash that an agent took: `AG000042`."""
    number = connection.execute(text("SELECT nextval('cash_receipts')")).scalar_one()
    return f"AG{number:06}"


def last_receipts(
    connection: Connection, agent_id: int, limit: int
) -> list[tuple[str, int, datetime]]:
    """(receipt, amount, when) of the last cash an agent took, the newest first."""
    rows = connection.execute(
        text(
            "SELECT receipt, amount_minor, received_at FROM payments"
            " WHERE provider_account = :account ORDER BY id DESC LIMIT :limit"
        ),
        {"account": f"agent:{agent_id}", "limit": limit},
    )
    return [(row[0], row[1], row[2]) for row in rows]

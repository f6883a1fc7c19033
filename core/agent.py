"""Agents: sell, register and collect cash; what they owe and what they have earned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
    pin_locks: int
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
    def as_operator(self) -> str:
        """How the audit log names an agent who acts: by the id, never by the number."""
        return f"agent {self.id}"

    @property
    def is_forgotten(self) -> bool:
        """Whether the agent has asked to be forgotten: there is no number any more."""
        return not self.msisdn.startswith("+")

    @property
    def provider_account(self) -> str:
        """The receiving account of payments that the agent collects in cash."""
        return f"agent:{self.id}"

    @property
    def clearing(self) -> str:
        """The account of what the agent owes the operator."""
        return f"clearing:agent:{self.id}"

    @property
    def commission(self) -> str:
        """The account of what the operator owes the agent."""
        return f"commission:agent:{self.id}"

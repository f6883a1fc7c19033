"""A person we know something about: a customer, an agent, or only a phone number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

# What became of a request to forget a person.
ErasureState = Literal["waiting", "done", "refused"]
# What stands where a name, a number or words of a person stood.
TOMBSTONE = "forgotten"


@dataclass(frozen=True, slots=True)
class HeldNumber:
    """A number (E.164) and the time in which it was this person's: after `since`, up to `until`.
    None: as far as is known, always. A number may have been another's before."""

    msisdn: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Who a number belongs to: a customer, agents, or, without either, only the number.

    `numbers`: all of their numbers, present and past, the one that was named first. `names`: name
    and surname of the customer and the agents. Its repr holds no personal data.
    """

    customer_id: int | None
    agent_ids: tuple[int, ...]
    numbers: tuple[HeldNumber, ...]
    names: tuple[tuple[str, str], ...]

    @property
    def msisdn(self) -> str:
        """The number that was named."""
        return self.numbers[0].msisdn

    @property
    def subject(self) -> tuple[str, int]:
        """The noun and the row that audit entries about this person name."""
        if self.customer_id is not None:
            return "customer", self.customer_id
        return ("agent", self.agent_ids[0]) if self.agent_ids else ("stranger", 0)

    def __repr__(self) -> str:
        return f"Person(customer={self.customer_id}, agents={self.agent_ids})"

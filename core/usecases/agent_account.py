"""An agent's own figures: what is owed, what may still be taken, commission, last movements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from core.db.agents import find_agent, last_movements
from core.errors import Refused
from core.money import Money
from core.unit import Unit

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Movement:
    """`kind`: `received` (cash taken), `settled` (handed over, commission included) or the kind of
    another entry; `receipt` is its number."""

    kind: str
    receipt: str
    amount: Money
    day: date


@dataclass(frozen=True, slots=True)
class AgentAccount:
    """`owed` to the operator, `left` of the limit, `commission` not paid out yet."""

    owed: Money
    left: Money
    commission: Money
    movements: tuple[Movement, ...]


def agent_account(unit: Unit, msisdn: str) -> AgentAccount:
    """The figures of the agent with that number. Raises Refused("not_an_agent")."""
    agent = find_agent(unit.connection, msisdn)
    if agent is None:
        raise Refused("not_an_agent")
    currency = unit.market.currency
    return AgentAccount(
        Money(agent.float_used_minor, currency),
        Money(max(agent.float_limit_minor - agent.float_used_minor, 0), currency),
        Money(agent.commission_minor, currency),
        tuple(
            Movement(kind, receipt, Money(amount, currency), unit.market.local_date(at))
            for kind, receipt, amount, at in last_movements(unit.connection, agent, _SHOWN)
        ),
    )

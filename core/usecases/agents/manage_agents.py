"""What an operator does with an agent: take a cash deposit, give a new first PIN, set the limit.

Each action has a reason and an audit row. A PIN is told to the agent face to face, never by SMS,
and must be changed at first use; an SMS says that there is a new one.
"""

from __future__ import annotations

import secrets

from core.agent import Agent
from core.db.agents import agent_with_id, update_agent
from core.db.ledger import is_posted
from core.errors import Refused
from core.money import Money
from core.unit import Unit
from core.usecases.agents.account import Settled, settle_agent
from core.usecases.agents.notify_agent import notify_agent
from core.usecases.agents.pin import is_trivial
from core.usecases.operators.audit import write_audit
from core.wording.messages import agent_sms


def take_over_cash(
    unit: Unit, agent_id: int, amount: Money, receipt: str, operator: str, reason: str
) -> Settled:
    """Record cash that an agent deposits, under the number of the written receipt.

    Raises Refused like `settle_agent`, and receipt_used: a number counts once, so that a second
    deposit is never taken for the first.
    """
    agent = lock_known_agent(unit, agent_id)
    if is_posted(unit.connection, f"settled:{receipt}"):
        raise Refused("receipt_used", receipt=receipt)
    settled = settle_agent(unit, agent.msisdn, amount, receipt)
    write_audit(
        unit,
        operator,
        "settle",
        "agent",
        agent.id,
        reason,
        receipt=receipt,
        amount_minor=amount.minor,
    )
    return settled


def reset_pin(unit: Unit, agent_id: int, operator: str, reason: str) -> str:
    """Return a new first PIN; a lock after wrong PINs is lifted. Raises Refused("not_an_agent")."""
    agent = lock_known_agent(unit, agent_id)
    pin = _some_pin()
    update_agent(
        unit.connection,
        agent.id,
        pin_hash=unit.pins.hash(pin),
        pin_is_initial=True,
        pin_misses=0,
        pin_locks=0,
        locked_until=None,
    )
    message = agent_sms.pin_reset(operator=unit.market.operator)
    notify_agent(unit, agent, message, f"agent_pin_reset:{agent.id}:{unit.now.isoformat()}")
    write_audit(unit, operator, "reset_pin", "agent", agent.id, reason)
    return pin


def set_float_limit(unit: Unit, agent_id: int, limit: Money, operator: str, reason: str) -> None:
    """Set how much the agent may owe. Below the present debt no more cash can be collected.

    Raises Refused("not_an_agent").
    """
    agent = lock_known_agent(unit, agent_id)
    update_agent(unit.connection, agent.id, float_limit_minor=limit.minor)
    write_audit(
        unit,
        operator,
        "set_float_limit",
        "agent",
        agent.id,
        reason,
        before_minor=agent.float_limit_minor,
        after_minor=limit.minor,
    )


def lock_known_agent(unit: Unit, agent_id: int) -> Agent:
    """Return the agent with that id, locked. Raises Refused("not_an_agent")."""
    agent = agent_with_id(unit.connection, agent_id, lock=True)
    if agent is None:
        raise Refused("not_an_agent")
    return agent


def _some_pin() -> str:
    """Return four digits that are not among the first to be guessed."""
    while is_trivial(pin := f"{secrets.randbelow(10_000):04}"):
        pass
    return pin

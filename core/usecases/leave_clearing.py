"""A payment's money leaves the account it came into: a provider's, or an agent's debt.

Cash that an agent took is no longer owed once the customer has it back, and earned nothing: the
commission goes too, also when it was paid out. What the agent has handed over already is given back
by the office.
"""

from __future__ import annotations

from core.db.agents import Agent, agent_with_id, update_agent
from core.db.booked import BookedPayment
from core.db.ledger import CREDIT, DEBIT, Posting, posted_to
from core.errors import BrokenInvariant
from core.money import Money
from core.unit import Unit
from core.usecases.tell_agent import tell
from core.wording.messages import agent_sms

_AGENT = "agent:"


def leave_clearing(unit: Unit, payment: BookedPayment) -> tuple[Posting, ...]:
    """The legs of the entry that takes a locked payment's amount out, credits minus debits; the
    agent's own figures follow at once, and the agent is told."""
    agent = lock_clearing(unit, payment)
    if agent is None:
        return (Posting(f"clearing:{payment.provider_account}", CREDIT, payment.amount_minor),)
    return _leave_agent(unit, agent, payment)


def lock_clearing(unit: Unit, payment: BookedPayment) -> Agent | None:
    """The agent who took it, locked; None where a provider did."""
    if not payment.provider_account.startswith(_AGENT):
        return None
    agent_id = int(payment.provider_account.removeprefix(_AGENT))
    agent = agent_with_id(unit.connection, agent_id, lock=True)
    if agent is None:
        raise BrokenInvariant(f"there is no agent {agent_id}")
    return agent


def _leave_agent(unit: Unit, agent: Agent, payment: BookedPayment) -> tuple[Posting, ...]:
    key = f"commission:cash:{payment.receipt}"
    earned = -posted_to(unit.connection, key, agent.commission)
    pending = min(earned, agent.commission_minor)
    paid_out = earned - pending
    from_agent = min(payment.amount_minor, agent.float_used_minor + paid_out)
    owed_minor = agent.float_used_minor + paid_out - from_agent
    update_agent(
        unit.connection,
        agent.id,
        float_used_minor=owed_minor,
        commission_minor=agent.commission_minor - pending,
    )
    _tell(unit, agent, payment, owed_minor)
    return (
        Posting(agent.clearing, CREDIT, from_agent - paid_out),
        Posting("cash:office", CREDIT, payment.amount_minor - from_agent),
        Posting(agent.commission, DEBIT, pending),
        Posting("expense:commission", CREDIT, earned),
    )


def _tell(unit: Unit, agent: Agent, payment: BookedPayment, owed_minor: int) -> None:
    message = agent_sms.cash_returned(
        amount=Money(payment.amount_minor, unit.market.currency),
        receipt=payment.receipt,
        owed=Money(owed_minor, unit.market.currency),
    )
    tell(unit, agent, message, f"agent_given_back:{payment.receipt}")

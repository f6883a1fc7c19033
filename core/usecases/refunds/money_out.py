"""The postings of money that goes back: from the account that received it, the bank or the office.

An agent's cash goes back from the agent as far as the agent still owes it, and the commission for
it is taken back, from where the money comes does not matter.
"""

from __future__ import annotations

from core.agent import Agent
from core.credit import CREDIT_ACCOUNT
from core.db.agents import agent_with_id, update_agent
from core.db.ledger import posted_to
from core.db.payments import move_credit
from core.db.returns import Return
from core.errors import BrokenInvariant, Refused
from core.journal import CREDIT, DEBIT, OWN_ACCOUNTS, Posting, receiving_account
from core.money import Money
from core.payment import BookedPayment
from core.refund import MoneyBackFrom
from core.unit import Unit
from core.usecases.agents.notify_agent import notify_agent
from core.wording.messages import agent_sms


def postings_out(unit: Unit, payment: BookedPayment, returned: Return) -> tuple[Posting, ...]:
    """Return the postings that take a return of a locked payment out of where its money was.

    For an agent's cash, the agent's float and commission are changed as well, and the agent gets an
    SMS. A payment made from credit becomes credit again.
    """
    if payment.provider_account == CREDIT_ACCOUNT:
        return _credit_again(unit, payment, returned)
    agent = lock_agent_of(unit, payment)
    if agent is None:
        account = account_from(returned.source, payment.provider_account)
        return (Posting(account, CREDIT, returned.moved_minor),)
    return _agent_postings(unit, agent, payment, returned)


def account_from(source: MoneyBackFrom, provider_account: str) -> str:
    """Return the ledger account that money goes back from."""
    return receiving_account(provider_account) if source == "provider" else OWN_ACCOUNTS[source]


def _credit_again(unit: Unit, payment: BookedPayment, returned: Return) -> tuple[Posting, ...]:
    if payment.customer_id is None:
        raise Refused("credit_payment", receipt=payment.receipt)
    move_credit(unit.connection, payment.customer_id, returned.moved_minor)
    return (Posting("customer_credit", CREDIT, returned.moved_minor, payment.customer_id),)


def lock_agent_of(unit: Unit, payment: BookedPayment) -> Agent | None:
    """Return the agent who collected a payment, locked; None if a provider did."""
    if payment.agent_id is None:
        return None
    agent = agent_with_id(unit.connection, payment.agent_id, lock=True)
    if agent is None:
        raise BrokenInvariant(f"there is no agent {payment.agent_id}")
    return agent


def _agent_postings(
    unit: Unit, agent: Agent, payment: BookedPayment, returned: Return
) -> tuple[Posting, ...]:
    earned = _commission_for(unit, agent, payment, returned.amount_minor)
    pending = min(earned, agent.commission_minor)
    paid_out = earned - pending
    can_give = agent.float_used_minor + paid_out if returned.source == "provider" else 0
    from_agent = min(returned.moved_minor, can_give)
    owed_minor = agent.float_used_minor + paid_out - from_agent
    update_agent(
        unit.connection,
        agent.id,
        float_used_minor=owed_minor,
        commission_minor=agent.commission_minor - pending,
    )
    _notify_agent(unit, agent, payment, returned, owed_minor)
    other = "bank" if returned.source == "bank" else "cash:office"
    return (
        Posting(agent.clearing, CREDIT, max(from_agent - paid_out, 0)),
        Posting(agent.clearing, DEBIT, max(paid_out - from_agent, 0)),
        Posting(other, CREDIT, returned.moved_minor - from_agent),
        Posting(agent.commission, DEBIT, pending),
        Posting("expense:commission", CREDIT, earned),
    )


def _commission_for(unit: Unit, agent: Agent, payment: BookedPayment, part_minor: int) -> int:
    """Return the commission that a part of a collection earned; the parts sum to the whole."""
    earned = -posted_to(unit.connection, f"commission:cash:{payment.receipt}", agent.commission)
    before, whole = payment.returned_minor, payment.amount_minor
    return earned * (before + part_minor) // whole - earned * before // whole


def _notify_agent(
    unit: Unit, agent: Agent, payment: BookedPayment, returned: Return, owed_minor: int
) -> None:
    message = agent_sms.cash_returned(
        amount=Money(returned.moved_minor, unit.market.currency),
        receipt=payment.receipt,
        owed=Money(owed_minor, unit.market.currency),
    )
    number = f":{returned.number}" if returned.number > 1 else ""
    notify_agent(unit, agent, message, f"agent_given_back:{payment.receipt}{number}")

"""Agents' commission: earned on collections and sales, and taken back with the money.

Commission of a sale is booked when the sale is made. It stays a share of what the sale brings: of
the price, however it changes, and of what was paid once the sale has ended otherwise than by
payment. Commission that was paid out before is owed by the agent. Amounts are in minor units.
"""

from __future__ import annotations

from core.agent import Agent
from core.db.agents import agent_with_id, update_agent
from core.db.ledger import is_posted, open_account, post_entries
from core.db.sales import set_sale
from core.errors import BrokenInvariant
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.money import Money
from core.sale import LockedSale
from core.unit import Unit
from core.usecases.agents.notify_agent import notify_agent
from core.wording.messages import agent_sms


def earn_on_cash(unit: Unit, agent: Agent, receipt: str, amount_minor: int) -> None:
    """Post a locked agent's commission on cash, once per receipt. It is rounded down."""
    earned = _share_of(amount_minor, agent.commission_collections_bp)
    _post_earned(unit, agent, f"commission:cash:{receipt}", earned)


def earn_on_sale(unit: Unit, agent: Agent, sale_id: int, total_minor: int) -> Money:
    """Post a locked agent's commission on a new sale, once per sale. Return it, rounded down."""
    basis_points = agent.commission_sales_bp
    earned = _share_of(total_minor, basis_points)
    if _post_earned(unit, agent, f"commission:sale:{sale_id}", earned):
        set_sale(
            unit.connection, sale_id, commission_bp=basis_points, commission_minor=earned
        )  # fmt: skip
    return Money(earned, unit.market.currency)


def follow_sale(unit: Unit, sale: LockedSale, base_minor: int) -> None:
    """Make the commission of a locked sale the agent's share of `base_minor`.

    The difference is earned, or taken back: from the commission not yet paid out, then as a debt of
    the agent, who gets an SMS.
    """
    due = _share_of(base_minor, sale.commission_bp)
    if sale.agent_id is None or due == sale.commission_minor:
        return
    agent = agent_with_id(unit.connection, sale.agent_id, lock=True)
    if agent is None:
        raise BrokenInvariant(f"there is no agent {sale.agent_id}")
    set_sale(unit.connection, sale.id, commission_minor=due)
    more = due - sale.commission_minor
    if more > 0:
        _post_earned(unit, agent, f"commission:sale:{sale.id}:{unit.now.isoformat()}", more)
    else:
        _take_back(unit, agent, sale, -more)


def _share_of(base_minor: int, basis_points: int) -> int:
    return base_minor * basis_points // 10_000


def _post_earned(unit: Unit, agent: Agent, key: str, earned: int) -> bool:
    """Post commission; False where nothing is earned, or that key was posted before."""
    if not earned or is_posted(unit.connection, key):
        return False
    open_account(unit.connection, agent.commission, CREDIT)
    legs = (Posting("expense:commission", DEBIT, earned), Posting(agent.commission, CREDIT, earned))
    post_entries(unit.connection, unit.now, [JournalEntry("commission", key, legs)])
    update_agent(unit.connection, agent.id, commission_minor=agent.commission_minor + earned)
    return True


def _take_back(unit: Unit, agent: Agent, sale: LockedSale, amount: int) -> None:
    pending = min(amount, agent.commission_minor)
    owed = agent.float_used_minor + amount - pending
    open_account(unit.connection, agent.clearing, DEBIT)
    legs = (
        Posting(agent.commission, DEBIT, pending),
        Posting(agent.clearing, DEBIT, amount - pending),
        Posting("expense:commission", CREDIT, amount),
    )
    key = f"commission_back:sale-{sale.id}:{unit.now.isoformat()}"
    post_entries(unit.connection, unit.now, [JournalEntry("commission_back", key, legs)])
    update_agent(
        unit.connection,
        agent.id,
        float_used_minor=owed,
        commission_minor=agent.commission_minor - pending,
    )
    currency = unit.market.currency
    message = agent_sms.commission_back(
        amount=Money(amount, currency),
        appliance=sale.appliance,
        commission=Money(agent.commission_minor - pending, currency),
        owed=Money(owed, currency),
    )
    notify_agent(unit, agent, message, f"agent_{key}")

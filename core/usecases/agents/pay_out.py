"""What an operator settles with an agent apart from a deposit: commission is paid out, and what the
agent cannot pay is written off. Each has a reason, an audit row and an SMS to the agent.
"""

from __future__ import annotations

from core.db.agents import update_agent
from core.db.ledger import is_posted, open_account, post_entries
from core.errors import Refused
from core.journal import CREDIT, DEBIT, OWN_ACCOUNTS, JournalEntry, OwnMoney, Posting
from core.money import Money
from core.unit import Unit
from core.usecases.agents.manage_agents import lock_known_agent
from core.usecases.agents.notify_agent import notify_agent
from core.usecases.operators.audit import write_audit
from core.wording.messages import agent_sms


def pay_commission(
    unit: Unit,
    agent_id: int,
    amount: Money,
    paid_from: tuple[OwnMoney, str],
    operator: str,
    reason: str,
) -> Money:
    """Pay out commission from the office's cash or the bank. Return what is left of it.

    `paid_from` also names the receipt or bank transfer: the same one again is refused. Raises
    Refused: not_an_agent, amount_invalid, commission_too_large, receipt_used, reason_missing.
    """
    place, receipt = paid_from
    agent = lock_known_agent(unit, agent_id)
    key = f"commission_paid:{receipt}"
    if is_posted(unit.connection, key):
        raise Refused("receipt_used", receipt=receipt)
    check_part(unit, amount, agent.commission_minor, "commission_too_large")
    open_account(unit.connection, agent.commission, CREDIT)
    legs = (
        Posting(agent.commission, DEBIT, amount.minor),
        Posting(OWN_ACCOUNTS[place], CREDIT, amount.minor),
    )
    post_entries(unit.connection, unit.now, [JournalEntry("commission_paid", key, legs)])
    left = Money(agent.commission_minor - amount.minor, amount.currency)
    update_agent(unit.connection, agent.id, commission_minor=left.minor)
    message = agent_sms.commission_paid(amount=amount, commission=left, receipt=receipt)
    notify_agent(unit, agent, message, f"agent_{key}")
    write_audit(
        unit, operator, "pay_commission", "agent", agent.id, reason, amount_minor=amount.minor,
        paid_from=place, receipt=receipt,
    )  # fmt: skip
    return left


def write_off_shortfall(
    unit: Unit, agent_id: int, amount: Money, operator: str, reason: str
) -> Money:
    """Give up a part of what an agent owes, as a loss. Return what the agent still owes.

    Raises Refused: not_an_agent, amount_invalid, shortfall_too_large, reason_missing.
    """
    agent = lock_known_agent(unit, agent_id)
    check_part(unit, amount, agent.float_used_minor, "shortfall_too_large")
    open_account(unit.connection, agent.clearing, DEBIT)
    legs = (
        Posting("expense:bad_debt", DEBIT, amount.minor),
        Posting(agent.clearing, CREDIT, amount.minor),
    )
    key = f"shortfall_written_off:agent-{agent.id}:{unit.now.isoformat()}"
    post_entries(unit.connection, unit.now, [JournalEntry("shortfall_written_off", key, legs)])
    owed = Money(agent.float_used_minor - amount.minor, amount.currency)
    update_agent(unit.connection, agent.id, float_used_minor=owed.minor)
    message = agent_sms.shortfall_written_off(
        amount=amount, owed=owed, operator=unit.market.operator
    )
    notify_agent(unit, agent, message, f"agent_{key}")
    write_audit(
        unit, operator, "write_off", "agent", agent.id, reason, amount_minor=amount.minor
    )  # fmt: skip
    return owed


def check_part(unit: Unit, amount: Money, most_minor: int, too_large: str) -> None:
    """Check a part of an amount. Raises Refused: amount_invalid for nothing, `too_large`."""
    if not amount:
        cash_unit = Money(unit.market.cash_unit_minor, amount.currency)
        raise Refused("amount_invalid", cash_unit=cash_unit)
    if amount.minor > most_minor:
        raise Refused(too_large, most=Money(most_minor, amount.currency))

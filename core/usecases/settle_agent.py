"""An agent hands cash over to the operator; pending commission is paid out with it (domain 7)."""

from __future__ import annotations

from dataclasses import dataclass

from core.db.agents import Agent, lock_agent, update_agent
from core.db.ledger import CREDIT, DEBIT, Entry, Posting, is_posted, open_account, post_entries
from core.errors import Refused
from core.money import Money
from core.unit import Unit
from core.usecases.tell_agent import tell
from core.wording.messages import agent_sms


@dataclass(frozen=True, slots=True)
class Settled:
    """What the agent owes after the hand-over."""

    owed: Money


def settle_agent(unit: Unit, msisdn: str, amount: Money, reference: str) -> Settled:
    """Book a hand-over: cash and commission lower what the agent owes, who gets a text.

    Sale 100 at 5%: owes 100, commission 5; hands over 50: owes 45, commission 0. `reference` is the
    receipt's number: the same one again changes nothing. Raises Refused("not_an_agent"),
    Refused("amount_invalid") and Refused("settlement_too_large").
    """
    agent = lock_agent(unit.connection, msisdn)
    if agent is None:
        raise Refused("not_an_agent")
    if is_posted(unit.connection, f"settled:{reference}"):
        return Settled(Money(agent.float_used_minor, amount.currency))
    if not amount:
        cash_unit = Money(unit.market.cash_unit_minor, amount.currency)
        raise Refused("amount_invalid", cash_unit=cash_unit)
    paid_out = min(agent.commission_minor, agent.float_used_minor - amount.minor)
    if paid_out < 0:
        raise Refused("settlement_too_large", owed=Money(agent.float_used_minor, amount.currency))
    _book(unit, agent, amount.minor, paid_out, reference)
    owed = Money(agent.float_used_minor - amount.minor - paid_out, amount.currency)
    _tell(unit, agent, amount, Money(paid_out, amount.currency), owed, reference)
    return Settled(owed)


def _book(unit: Unit, agent: Agent, cash_minor: int, paid_out_minor: int, reference: str) -> None:
    open_account(unit.connection, agent.commission, CREDIT)
    legs = (
        Posting("cash:office", DEBIT, cash_minor),
        Posting(agent.commission, DEBIT, paid_out_minor),
        Posting(agent.clearing, CREDIT, cash_minor + paid_out_minor),
    )
    post_entries(unit.connection, unit.now, [Entry("settled", f"settled:{reference}", legs)])
    update_agent(
        unit.connection,
        agent.id,
        float_used_minor=agent.float_used_minor - cash_minor - paid_out_minor,
        commission_minor=agent.commission_minor - paid_out_minor,
    )


def _tell(
    unit: Unit, agent: Agent, amount: Money, paid_out: Money, owed: Money, reference: str
) -> None:
    message = agent_sms.settled(amount=amount, commission=paid_out, owed=owed, receipt=reference)
    tell(unit, agent, message, f"agent_settled:{reference}")

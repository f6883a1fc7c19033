"""An agent hands cash over to the operator; pending commission is paid out with it (domain 7)."""

from __future__ import annotations

from dataclasses import dataclass

from core.db.agents import lock_agent, update_agent
from core.db.ledger import CREDIT, DEBIT, Entry, Posting, open_account, post_entries
from core.errors import Refused
from core.money import Money
from core.unit import Unit


@dataclass(frozen=True, slots=True)
class Settled:
    """What the agent owes after the hand-over."""

    owed: Money


def settle_agent(unit: Unit, msisdn: str, amount: Money, reference: str) -> Settled:
    """Book a hand-over: cash and commission lower what the agent owes.

    Sale 100 at 5%: owes 100, commission 5; hands over 50: owes 45, commission 0. `reference` is the
    receipt's number; the same one again is an error of the database, not a second hand-over. Raises
    Refused("not_an_agent") and Refused("settlement_too_large").
    """
    agent = lock_agent(unit.connection, msisdn)
    if agent is None:
        raise Refused("not_an_agent")
    paid_out = min(agent.commission_minor, agent.float_used_minor - amount.minor)
    if paid_out < 0:
        raise Refused("settlement_too_large", owed=Money(agent.float_used_minor, amount.currency))
    open_account(unit.connection, agent.commission, CREDIT)
    legs = (
        Posting("cash:office", DEBIT, amount.minor),
        Posting(agent.commission, DEBIT, paid_out),
        Posting(agent.clearing, CREDIT, amount.minor + paid_out),
    )
    post_entries(unit.connection, unit.now, [Entry("settled", f"settled:{reference}", legs)])
    owed_minor = agent.float_used_minor - amount.minor - paid_out
    update_agent(
        unit.connection,
        agent.id,
        float_used_minor=owed_minor,
        commission_minor=agent.commission_minor - paid_out,
    )
    return Settled(Money(owed_minor, amount.currency))

"""An agent's account: what is owed, the rest of the float limit, commission, last transactions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from core.agent import Agent
from core.db.agents import find_agent, last_movements, lock_agent, update_agent
from core.db.ledger import is_posted, open_account, post_entries
from core.errors import Refused
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.money import Money
from core.unit import Unit
from core.usecases.agents.notify_agent import notify_agent
from core.wording.messages import agent_sms

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Movement:
    """One transaction of an agent.

    `kind`: `received` (cash collected), `settled` (cash deposited, commission included) or the kind
    of another journal entry; `receipt` is its number.
    """

    kind: str
    receipt: str
    amount: Money
    day: date


@dataclass(frozen=True, slots=True)
class AgentAccount:
    """`owed`: to the operator; `left`: of the float limit; `commission`: not paid out yet."""

    owed: Money
    left: Money
    commission: Money
    movements: tuple[Movement, ...]


def agent_account(unit: Unit, msisdn: str) -> AgentAccount:
    """Return the account of the agent with that number. Raises Refused("not_an_agent")."""
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


@dataclass(frozen=True, slots=True)
class Settled:
    """What the agent owes after the deposit."""

    owed: Money


def settle_agent(unit: Unit, msisdn: str, amount: Money, reference: str) -> Settled:
    """Record cash that an agent deposits: it reduces what the agent owes, who gets an SMS.

    Pending commission is paid out with it. Sale of 100 at 5 %: owes 100, commission 5; deposits 50:
    owes 45, commission 0. `reference` is the number of the receipt: the same one again changes
    nothing.

    Raises Refused: not_an_agent, amount_invalid, settlement_too_large.
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
    _notify(unit, agent, amount, Money(paid_out, amount.currency), owed, reference)
    return Settled(owed)


def _book(unit: Unit, agent: Agent, cash_minor: int, paid_out_minor: int, reference: str) -> None:
    open_account(unit.connection, agent.commission, CREDIT)
    legs = (
        Posting("cash:office", DEBIT, cash_minor),
        Posting(agent.commission, DEBIT, paid_out_minor),
        Posting(agent.clearing, CREDIT, cash_minor + paid_out_minor),
    )
    post_entries(unit.connection, unit.now, [JournalEntry("settled", f"settled:{reference}", legs)])
    update_agent(
        unit.connection,
        agent.id,
        float_used_minor=agent.float_used_minor - cash_minor - paid_out_minor,
        commission_minor=agent.commission_minor - paid_out_minor,
    )


def _notify(
    unit: Unit, agent: Agent, amount: Money, paid_out: Money, owed: Money, reference: str
) -> None:
    message = agent_sms.settled(amount=amount, commission=paid_out, owed=owed, receipt=reference)
    notify_agent(unit, agent, message, f"agent_settled:{reference}")

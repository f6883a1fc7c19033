"""An agent collects cash for a device: recorded like any payment, owed by the agent.

The agent owes the gross amount: 1000 of cash of which 400 clears a loan is a debt of
1000. The float limit is checked and the cash recorded under one lock on the agent.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.agent import Agent
from core.clock import SAME_AGAIN_WITHIN
from core.db.agents import next_cash_receipt, update_agent
from core.db.same_again import find_same_cash
from core.errors import Refused
from core.money import Money
from core.payment import PaymentNotice
from core.unit import Unit
from core.usecases.agents.commission import earn_on_cash
from core.usecases.agents.notify_agent import notify_agent
from core.usecases.agents.pin import check_pin
from core.usecases.payments.quote import Quote, quote_payment
from core.usecases.payments.record import record_quoted
from core.wording.messages import agent_sms

# An agent is warned when no more than one part in so many is left of the limit.
_LAST_PART = 5


@dataclass(frozen=True, slots=True)
class Collected:
    """The receipt of the cash, the time of day at which it was booked, and what the agent owes the
    operator by now.

    `is_repeat`: nothing was booked, because the same agent booked the same amount for the same
    device minutes before, under that receipt. The agent is asked whether it is a second payment.
    """

    receipt: str
    at: str
    owed: Money
    is_repeat: bool = False


def collect_cash(
    unit: Unit, msisdn: str, pin: str, serial: str, amount: Money, *, is_second: bool = False
) -> Collected | Refused:
    """Record the cash for the account `serial`, as typed. Returns Refused for a wrong PIN.

    `is_second`: the agent says that it is another payment than the one before. Raises Refused like
    `quote_payment`, float_exceeded when the agent would owe more than the limit, and as
    `record_quoted`.
    """
    quote = quote_payment(unit, serial, amount.minor)
    agent = check_pin(unit, msisdn, pin)
    if isinstance(agent, Refused):
        return agent
    earlier = None if is_second else _find_earlier(unit, agent, quote, serial, amount)
    if earlier is not None:
        return earlier
    owed_minor = agent.float_used_minor + amount.minor
    if owed_minor > agent.float_limit_minor:
        left = max(agent.float_limit_minor - agent.float_used_minor, 0)
        raise Refused("float_exceeded", left=Money(left, amount.currency))
    receipt = next_cash_receipt(unit.connection)
    notice = _notice(unit, agent, receipt, serial, amount)
    record_quoted(unit, notice, quote.owner.id, quote.account)
    update_agent(unit.connection, agent.id, float_used_minor=owed_minor)
    earn_on_cash(unit, agent, receipt, amount.minor)
    owed = Money(owed_minor, amount.currency)
    message = agent_sms.collected(amount=amount, serial=quote.account, receipt=receipt, owed=owed)
    notify_agent(unit, agent, message, f"agent_collected:{receipt}")
    _warn_of_limit(unit, agent, owed_minor, receipt)
    return Collected(receipt, unit.market.local_time(unit.now), owed)


def _find_earlier(
    unit: Unit, agent: Agent, quote: Quote, serial: str, amount: Money
) -> Collected | None:
    """Return the same cash that the locked agent booked minutes before."""
    account = quote.owner.id, quote.device_id, serial
    since = unit.now - SAME_AGAIN_WITHIN
    earlier = find_same_cash(unit.connection, agent.provider_account, account, amount.minor, since)
    if earlier is None:
        return None
    receipt, booked_at = earlier
    owed = Money(agent.float_used_minor, amount.currency)
    return Collected(receipt, unit.market.local_time(booked_at), owed, is_repeat=True)


def _warn_of_limit(unit: Unit, agent: Agent, owed_minor: int, receipt: str) -> None:
    """Warn the agent by SMS when the last fifth of the limit is reached."""
    limit_minor = agent.float_limit_minor
    reached = limit_minor - limit_minor // _LAST_PART
    if agent.float_used_minor < reached <= owed_minor:
        left = Money(limit_minor - owed_minor, unit.market.currency)
        message = agent_sms.low_float(left=left, operator=unit.market.operator)
        notify_agent(unit, agent, message, f"agent_low_float:{receipt}")


def _notice(unit: Unit, agent: Agent, receipt: str, serial: str, amount: Money) -> PaymentNotice:
    """The notice of the cash: its account is as typed, so that it means what was quoted."""
    return PaymentNotice(
        provider_account=agent.provider_account,
        receipt=receipt,
        source="cash",
        amount_minor=amount.minor,
        currency=amount.currency,
        account=serial,
        payer_kind="none",
        payer=None,
        paid_at=unit.now,
    )

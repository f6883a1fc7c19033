"""Reverse an applied payment whose money was taken back: reversing entries, nothing is edited.

The debts it paid are owed again; days that an instalment has given are not given again. Credit it
left is taken back as far as it is still there. What was used and cannot be taken back (energy or
days of a token that was sent, credit spent since) becomes a claim: a debt of the customer that the
next money pays first. A device that it had unlocked is to be locked again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container

from core.agent import Agent
from core.customer import Customer
from core.db.agents import agent_with_id, update_agent
from core.db.audit import add_clawback, open_case
from core.db.customers import lock_customers
from core.db.devices import get_device
from core.db.ledger import ACCOUNT_OF, post_entries, posted_to
from core.db.obligations import open_obligations
from core.db.payments import devices_with_tokens, lines_booked, move_credit, reopen, set_payment
from core.errors import BrokenInvariant
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.money import Money
from core.payment import BookedLine, BookedPayment
from core.unit import Unit
from core.usecases.agents.notify_agent import notify_agent
from core.usecases.messages.queue import send_sms_to
from core.usecases.refunds.lock_again import lock_again
from core.wording.messages import agent_sms
from core.wording.messages import refund as refund_messages

_CLAWBACK = "receivable:clawback"
_USED_UP = ("energy", "days")


def reverse_applied_payment(unit: Unit, payment: BookedPayment) -> int:
    """Reverse both entries of a locked payment; returns the claim in minor units."""
    customer = _owner(unit, payment)
    lines = lines_booked(unit.connection, payment.id)
    with_tokens = devices_with_tokens(unit.connection, payment.id)
    back: Counter[str] = Counter()
    claim_minor = 0
    for line in lines:
        if _is_used_up(line, with_tokens):
            claim_minor += line.amount_minor
        elif line.kind != "credit":
            back[ACCOUNT_OF[line.kind]] += line.amount_minor
    reopened = _reopen(unit, lines)
    claim_minor += _take_credit(unit, payment, customer, lines, back)
    back[_CLAWBACK] += claim_minor
    _post(unit, payment, customer, back)
    set_payment(unit.connection, payment.id, state="reversed", problem=None)
    if claim_minor:
        whose = (customer.id, payment.id)
        add_clawback(unit.connection, unit.now, whose, unit.today, claim_minor)
    locks = [lock_again(unit, payment, sale_id) for sale_id in sorted(reopened)]
    if claim_minor or with_tokens or any(locks):
        _open_case(unit, payment, claim_minor, bool(with_tokens), [*filter(None, locks)])
    _notify_customer(unit, payment, customer)
    return claim_minor


def _owner(unit: Unit, payment: BookedPayment) -> Customer:
    if payment.customer_id is None:
        raise BrokenInvariant(f"payment {payment.id} was applied without a customer")
    return lock_customers(unit.connection, {payment.customer_id})[payment.customer_id]


def _reopen(unit: Unit, lines: list[BookedLine]) -> set[int]:
    """Make what the lines had paid due again; returns the ids of the sales that this opens."""
    opened = (reopen(unit.connection, line) for line in lines if line.is_owed_again)
    return {sale_id for sale_id in opened if sale_id is not None}


def _is_used_up(line: BookedLine, with_tokens: Container[int | None]) -> bool:
    """Whether a line bought what cannot be taken back: its money is claimed."""
    return not line.is_owed_again or (line.kind in _USED_UP and line.device_id in with_tokens)


def _take_credit(
    unit: Unit,
    payment: BookedPayment,
    customer: Customer,
    lines: list[BookedLine],
    back: Counter[str],
) -> int:
    """Give back the credit it used, and take the credit it left as far as it is still there;
    returns what is not there any more."""
    left = sum(line.amount_minor for line in lines if line.kind == "credit")
    there = customer.credit_minor + payment.credit_used_minor
    taken = min(left, there)
    back["customer_credit"] += taken
    move_credit(unit.connection, customer.id, payment.credit_used_minor - taken)
    return left - taken


def _post(unit: Unit, payment: BookedPayment, customer: Customer, back: Counter[str]) -> None:
    legs = [Posting(account, DEBIT, amount, customer.id) for account, amount in back.items()]
    legs += [
        Posting("unapplied", CREDIT, payment.amount_minor, customer.id),
        Posting("customer_credit", CREDIT, payment.credit_used_minor, customer.id),
    ]
    entries = [
        JournalEntry("unapplied", f"unapplied:{payment.id}", tuple(legs)),
        reversing_entry(unit, payment, "unapplied"),
    ]
    post_entries(unit.connection, unit.now, entries)


def _open_case(
    unit: Unit, payment: BookedPayment, claim_minor: int, token_sent: bool, locks: list[str]
) -> None:
    """Open the case that says what the money had bought, what is owed for it, and what to do."""
    claim = Money(claim_minor, unit.market.currency)
    claimed = f"the customer owes {claim} for it" if claim_minor else "what it paid is owed again"
    sent = ["its tokens were sent"] if token_sent else []
    detail = "; ".join([f"{payment.receipt} was taken back", *sent, claimed, *locks])
    open_case(unit.connection, unit.now, "reversed_after_use", str(payment.id), detail, payment.id)


def _notify_customer(unit: Unit, payment: BookedPayment, customer: Customer) -> None:
    if payment.device_id is None:
        return
    owed = open_obligations(unit.connection, {customer.id})[customer.id]
    due = sum(debt.open_minor for debt in owed if debt.due_on <= unit.today)
    message = refund_messages.reversed(
        amount=Money(payment.amount_minor, unit.market.currency),
        serial=get_device(unit.connection, payment.device_id).serial,
        receipt=payment.receipt,
        due=Money(due, unit.market.currency),
        operator=unit.market.operator,
    )
    send_sms_to(unit, customer, message, f"taken_back:{payment.id}", payment_id=payment.id)


def reversing_entry(unit: Unit, payment: BookedPayment, holding: str) -> JournalEntry:
    """Return the entry that takes a payment's money from the holding account out of clearing."""
    held = Posting(holding, DEBIT, payment.amount_minor, payment.customer_id)
    legs = (held, *clearing_postings(unit, payment))
    return JournalEntry("reversed", f"reversed:{payment.id}", legs)


_AGENT = "agent:"


def clearing_postings(unit: Unit, payment: BookedPayment) -> tuple[Posting, ...]:
    """Return the postings that take a locked payment's amount out of clearing.

    For cash of an agent, the agent's float and commission are changed as well, and the agent gets
    an SMS.
    """
    agent = lock_agent_of(unit, payment)
    if agent is None:
        return (Posting(f"clearing:{payment.provider_account}", CREDIT, payment.amount_minor),)
    return _agent_postings(unit, agent, payment)


def lock_agent_of(unit: Unit, payment: BookedPayment) -> Agent | None:
    """Return the agent who collected a payment, locked; None if a provider did."""
    if not payment.provider_account.startswith(_AGENT):
        return None
    agent_id = int(payment.provider_account.removeprefix(_AGENT))
    agent = agent_with_id(unit.connection, agent_id, lock=True)
    if agent is None:
        raise BrokenInvariant(f"there is no agent {agent_id}")
    return agent


def _agent_postings(unit: Unit, agent: Agent, payment: BookedPayment) -> tuple[Posting, ...]:
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
    _notify_agent(unit, agent, payment, owed_minor)
    return (
        Posting(agent.clearing, CREDIT, from_agent - paid_out),
        Posting("cash:office", CREDIT, payment.amount_minor - from_agent),
        Posting(agent.commission, DEBIT, pending),
        Posting("expense:commission", CREDIT, earned),
    )


def _notify_agent(unit: Unit, agent: Agent, payment: BookedPayment, owed_minor: int) -> None:
    message = agent_sms.cash_returned(
        amount=Money(payment.amount_minor, unit.market.currency),
        receipt=payment.receipt,
        owed=Money(owed_minor, unit.market.currency),
    )
    notify_agent(unit, agent, message, f"agent_given_back:{payment.receipt}")

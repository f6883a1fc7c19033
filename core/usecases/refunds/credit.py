"""What an operator does with a customer's credit: give it back, or move it to another customer.

Each act has a reference, under which it is booked once. Nothing is done with credit while a payment
of the customer is not settled: it may become more, or be taken back.
"""

from __future__ import annotations

from dataclasses import replace

from core.credit import CreditActKind
from core.customer import Customer
from core.db.credit import (
    find_act_amount,
    has_account,
    insert_act,
    unsettled_payment,
)
from core.db.customers import lock_customers, note_changed_debts
from core.db.ledger import post_entries
from core.db.payments import move_credit
from core.errors import Refused
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.money import Money
from core.names import mask_name
from core.refund import NewReturn, clean_reference
from core.unit import Unit
from core.usecases.messages.queue import send_sms_to
from core.usecases.operators.audit import write_audit
from core.usecases.refunds.held_movement import settle_held_movement
from core.usecases.refunds.money_out import account_from
from core.usecases.refunds.return_money import check_day
from core.wording.messages import refund as refund_messages


def give_credit_back(
    unit: Unit,
    customer_id: int,
    back: NewReturn,
    provider_account: str | None,
    operator: str,
    reason: str,
) -> bool:
    """Record that credit was given back to a customer, who gets an SMS; False when it was recorded
    before under the same reference.

    `provider_account`: the account that it was sent from, by hand at the provider's portal; None
    for the bank and the office. Raises Refused: customer_missing, credit_too_small, amount_missing,
    credit_waits, reference_missing, reference_used, account_unknown, day_ahead, reason_missing.
    """
    customer = lock_all(unit, customer_id)[customer_id]
    amount = _amount_to_take(unit, customer, "given_back", back)
    if amount is None:
        return False
    check_day(unit, back)
    sent_from = provider_account if back.source == "provider" else None
    if back.source == "provider" and not has_account(unit.connection, sent_from or ""):
        raise Refused("account_unknown", account=sent_from or "")
    if sent_from is not None:
        settle_held_movement(unit, sent_from, clean_reference(back.reference), amount)
    act_id = _book_act(unit, customer, None, replace(back, amount_minor=amount), sent_from)
    write_audit(
        unit, operator, "give_credit_back", "customer", customer.id, reason,
        amount_minor=amount, taken_from=sent_from or back.source,
        reference=clean_reference(back.reference),
    )  # fmt: skip
    message = refund_messages.credit_given_back(
        amount=Money(amount, unit.market.currency),
        receipt=clean_reference(back.reference) or "",
        credit=Money(customer.credit_minor - amount, unit.market.currency),
        operator=unit.market.operator,
    )
    send_sms_to(unit, customer, message, f"credit_given_back:{act_id}")
    return True


def transfer_credit(
    unit: Unit, customer_id: int, to_customer_id: int, back: NewReturn, operator: str, reason: str
) -> bool:
    """Move credit to another customer; both get an SMS. False when it was recorded before under the
    same reference. Of `back` the amount and the reference count.

    Raises Refused: customer_missing, credit_theirs, credit_too_small, amount_missing, credit_waits,
    reference_missing, reference_used, reason_missing.
    """
    if customer_id == to_customer_id:
        raise Refused("credit_theirs")
    customers = lock_all(unit, customer_id, to_customer_id)
    giver, taker = customers[customer_id], customers[to_customer_id]
    amount = _amount_to_take(unit, giver, "moved", back)
    if amount is None:
        return False
    act_id = _book_act(unit, giver, taker, replace(back, amount_minor=amount), None)
    for subject, other in ((giver, taker), (taker, giver)):
        write_audit(
            unit, operator, "move_credit", "customer", subject.id, reason,
            amount_minor=amount, **{"to" if subject is giver else "from": other.id},
            reference=clean_reference(back.reference),
        )  # fmt: skip
    _notify_moved(unit, giver, taker, amount, act_id)
    return True


def lock_all(unit: Unit, *ids: int) -> dict[int, Customer]:
    """Lock customers. Raises Refused("customer_missing")."""
    customers = lock_customers(unit.connection, ids)
    if len(customers) != len(ids):
        raise Refused("customer_missing")
    return customers


def _amount_to_take(
    unit: Unit, customer: Customer, kind: CreditActKind, back: NewReturn
) -> int | None:
    """Return how much credit the act takes; None where it was recorded before."""
    reference = clean_reference(back.reference)
    if reference is None:
        raise Refused("reference_missing")
    known = find_act_amount(unit.connection, kind, customer.id, reference)
    if known is not None:
        if back.amount_minor in (None, known):
            return None
        raise Refused("reference_used", reference=reference)
    return credit_to_take(unit, customer, back.amount_minor)


def credit_to_take(unit: Unit, customer: Customer, asked_minor: int | None) -> int:
    """Return how much of a locked customer's credit an act takes: what was asked, or all.

    Raises Refused: credit_too_small, amount_missing, credit_waits.
    """
    credit = Money(customer.credit_minor, unit.market.currency)
    amount = credit.minor if asked_minor is None else asked_minor
    if amount > credit.minor or not credit:
        raise Refused("credit_too_small", credit=credit)
    if amount <= 0:
        raise Refused("amount_missing")
    if receipt := unsettled_payment(unit.connection, customer.id):
        raise Refused("credit_waits", receipt=receipt)
    return amount


def _book_act(
    unit: Unit,
    customer: Customer,
    taker: Customer | None,
    back: NewReturn,
    provider_account: str | None,
) -> int:
    """Store the act with its entry, and take the credit; the act's id."""
    amount, happened_at = back.amount_minor or 0, back.happened_at or unit.now
    act_id = insert_act(
        unit.connection,
        {
            "kind": "moved" if taker else "given_back",
            "customer_id": customer.id,
            "to_customer_id": taker.id if taker else None,
            "amount_minor": amount,
            "source": None if taker else back.source,
            "provider_account": provider_account,
            "reference": clean_reference(back.reference),
            "happened_at": happened_at,
            "booked_at": unit.now,
        },
    )
    move_credit(unit.connection, customer.id, -amount)
    note_changed_debts(unit.connection, unit.now, customer.id)
    if taker:
        move_credit(unit.connection, taker.id, amount)
        gone_to = Posting("customer_credit", CREDIT, amount, taker.id)
    else:
        gone_to = Posting(account_from(back.source, provider_account or ""), CREDIT, amount)
    legs = (Posting("customer_credit", DEBIT, amount, customer.id), gone_to)
    kind = "credit_moved" if taker else "credit_given_back"
    entry = JournalEntry(kind, f"{kind}:{act_id}", legs, value_at=happened_at)
    post_entries(unit.connection, unit.now, [entry])
    return act_id


def _notify_moved(
    unit: Unit, giver: Customer, taker: Customer, amount_minor: int, act_id: int
) -> None:
    currency, operator = unit.market.currency, unit.market.operator
    amount = Money(amount_minor, currency)
    away = refund_messages.credit_moved_away(
        amount=amount,
        owner=mask_name(taker.name, taker.surname),
        credit=Money(giver.credit_minor - amount_minor, currency),
        operator=operator,
    )
    here = refund_messages.credit_moved_here(
        amount=amount,
        owner=mask_name(giver.name, giver.surname),
        credit=Money(taker.credit_minor + amount_minor, currency),
        operator=operator,
    )
    send_sms_to(unit, giver, away, f"credit_moved_away:{act_id}")
    send_sms_to(unit, taker, here, f"credit_moved_here:{act_id}")

"""Payments that cannot be applied as they were quoted: into suspense, or on hold for a person."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from core.db.audit import open_case
from core.db.ledger import is_posted, post_entries
from core.db.payments import get_payment, hold, lock_payment, set_payment
from core.errors import BrokenInvariant
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.money import Money
from core.payment import CHANGED, ReceivedPayment
from core.unit import Unit
from core.usecases.payments.notify_payer import notify_held, notify_suspense, reach_payer


def unmatch(unit: Unit, payment_id: int, serial: str) -> None:
    """Put a payment back into suspense, as its device changed hands; the payer gets an SMS.

    Raises BrokenInvariant when there is no such payment.
    """
    payment = lock_payment(unit.connection, payment_id)
    if payment is None:
        raise BrokenInvariant(f"payment {payment_id} vanished")
    set_payment(
        unit.connection,
        payment.id,
        state="suspense",
        device_id=None,
        customer_id=None,
        problem=f"{serial} changed hands",
    )
    legs = (
        Posting("unapplied", DEBIT, payment.left_minor, payment.customer_id),
        Posting("suspense", CREDIT, payment.left_minor),
    )
    post_counted(unit, "unmatched", payment.id, legs)
    payer = reach_payer(unit, payment.payer_kind, payment.payer)
    notify_suspense(unit, payment.id, serial, payment.left_minor, payment.receipt, payer)


def hold_changed(unit: Unit, payment: ReceivedPayment, serial: str, changed_at: datetime) -> None:
    """Put a payment on hold, because what the customer owes was changed after it was made: what the
    payer was told would not come true. A case asks a person; the payer gets an SMS."""
    amount = Money(payment.amount_minor, unit.market.currency)
    detail = (
        f"{payment.receipt}: {amount} for {serial} was paid at {_local(unit, payment.paid_at)},"
        f" before what the customer owes was changed at {_local(unit, changed_at)}."
        " Apply it to what is owed now, or give it back"
    )
    key = f"{payment.id}:{changed_at.isoformat()}"
    open_case(unit.connection, unit.now, CHANGED, key, detail, payment.id)
    hold(unit.connection, payment.id, "what the customer owes was changed after it was paid")
    booked = get_payment(unit.connection, payment.id)
    payer = reach_payer(unit, booked.payer_kind, booked.payer) if booked else None
    notify_held(unit, payment, serial, payer)


def _local(unit: Unit, at: datetime) -> str:
    return f"{at.astimezone(ZoneInfo(unit.market.timezone)):%Y-%m-%d %H:%M}"


def post_counted(unit: Unit, word: str, payment_id: int, legs: tuple[Posting, ...]) -> None:
    """Post an entry whose key is counted: a payment may leave and enter suspense more than once."""
    key, times = f"{word}:{payment_id}", 1
    while is_posted(unit.connection, key):
        times += 1
        key = f"{word}:{payment_id}:{times}"
    post_entries(unit.connection, unit.now, [JournalEntry(word, key, legs)])

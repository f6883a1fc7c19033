"""Put a recorded payment back into suspense, because its device has another owner now."""

from __future__ import annotations

from core.db.ledger import is_posted, post_entries
from core.db.payments import lock_payment, set_payment
from core.errors import BrokenInvariant
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.unit import Unit
from core.usecases.payments.notify_payer import notify_suspense, reach_payer


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
        purpose="device",
        problem=f"{serial} changed hands",
    )
    legs = (
        Posting("unapplied", DEBIT, payment.left_minor, payment.customer_id),
        Posting("suspense", CREDIT, payment.left_minor),
    )
    post_counted(unit, "unmatched", payment.id, legs)
    payer = reach_payer(unit, payment.payer_kind, payment.payer)
    notify_suspense(unit, payment.id, serial, payment.left_minor, payment.receipt, payer)


def post_counted(unit: Unit, word: str, payment_id: int, legs: tuple[Posting, ...]) -> None:
    """Post an entry whose key is counted: a payment may leave and enter suspense more than once."""
    key, times = f"{word}:{payment_id}", 1
    while is_posted(unit.connection, key):
        times += 1
        key = f"{word}:{payment_id}:{times}"
    post_entries(unit.connection, unit.now, [JournalEntry(word, key, legs)])

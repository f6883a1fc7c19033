"""Payments that cannot be applied as they were quoted: into suspense, or on hold for a person."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from core.db.audit import open_case
from core.db.devices import get_device
from core.db.ledger import is_posted, post_entries
from core.db.payments import get_payment, hold, lock_payment, set_payment
from core.errors import BrokenInvariant
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.money import Money
from core.payment import CHANGED, ReceivedPayment
from core.unit import Unit
from core.usecases.payments.notify_payer import notify_held, notify_suspense, reach_payer
from core.usecases.payments.whose import open_hands_case


def unmatch(unit: Unit, payment_id: int, then: Collection[int]) -> None:
    """Put a received payment for a device back into suspense: it is, or may be, the money of the
    customers `then` (ids), and the device is not theirs. The payer gets an SMS, a person a case.

    Raises BrokenInvariant for a payment without a device.
    """
    payment = lock_payment(unit.connection, payment_id)
    if payment is None or payment.device_id is None:
        raise BrokenInvariant(f"payment {payment_id} is for no device")
    device = get_device(unit.connection, payment.device_id)
    set_payment(
        unit.connection,
        payment.id,
        state="suspense",
        device_id=None,
        customer_id=None,
        problem=f"{device.serial} changed hands",
    )
    legs = (
        Posting("unapplied", DEBIT, payment.left_minor, payment.customer_id),
        Posting("suspense", CREDIT, payment.left_minor),
    )
    post_counted(unit, "unmatched", payment.id, legs)
    open_hands_case(unit, payment.id, payment, device, then)
    payer = reach_payer(unit, payment.payer_kind, payment.payer)
    notify_suspense(unit, payment.id, device.serial, payment.left_minor, payment.receipt, payer)


def hold_changed(unit: Unit, payment: ReceivedPayment, serial: str, changed_at: datetime) -> None:
    """Put a payment on hold, because what the customer owes was changed after it was made: what the
    payer was told would not come true. A case asks a person; the payer gets an SMS."""
    amount = Money(payment.amount_minor, unit.market.currency)
    times = (payment.paid_at, payment.quoted_at, changed_at)
    paid_at, quoted_at, changed = map(unit.market.local_minute, times)
    quoted = f"was paid at {paid_at}"
    if payment.quoted_at < payment.paid_at:
        quoted = f"(paid at {paid_at}) was quoted at {quoted_at}"
    detail = (
        f"{payment.receipt}: {amount} for {serial} {quoted},"
        f" before what the customer owes was changed at {changed}."
        " Apply it to what is owed now, or give it back"
    )
    key = f"{payment.id}:{changed_at.isoformat()}"
    open_case(unit.connection, unit.now, CHANGED, key, detail, payment.id)
    hold(unit.connection, payment.id, "what the customer owes was changed after it was paid")
    booked = get_payment(unit.connection, payment.id)
    payer = reach_payer(unit, booked.payer_kind, booked.payer) if booked else None
    notify_held(unit, payment, serial, payer)


def post_counted(unit: Unit, word: str, payment_id: int, legs: tuple[Posting, ...]) -> None:
    """Post an entry whose key is counted: a payment may leave and enter suspense more than once."""
    key, times = f"{word}:{payment_id}", 1
    while is_posted(unit.connection, key):
        times += 1
        key = f"{word}:{payment_id}:{times}"
    post_entries(unit.connection, unit.now, [JournalEntry(word, key, legs)])

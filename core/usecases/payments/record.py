"""Record a payment that a provider reports, exactly once, whichever callback delivers it.

The journal entry (clearing -> unapplied, or suspense when no device matches) is written in the
callback's own transaction: the money is in the ledger before the provider hears 200.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.db.audit import open_case
from core.db.ledger import open_account, post_entries
from core.db.payments import find_receipt, insert_payment
from core.errors import BadCallback, BrokenInvariant, Refused
from core.journal import CREDIT, DEBIT, JournalEntry, Posting, receiving_account
from core.payment import PaymentNotice
from core.unit import Unit
from core.usecases.payments.find_account import Match, match_account, purpose_typed
from core.usecases.payments.notify_payer import (
    notify_owner_of_payment,
    notify_suspense,
    payer_identified,
    reach_payer,
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The payment of a notice; `is_new` is False when its receipt was recorded before."""

    payment_id: int
    is_new: bool


def record_payment(unit: Unit, notice: PaymentNotice) -> Recorded:
    """Record the payment of a notice once; a repeated receipt returns the first payment.

    Raises BadCallback for an amount that is not positive or a currency other than the market's.
    """
    if notice.amount_minor <= 0 or notice.currency != unit.market.currency:
        raise BadCallback(f"cannot book {notice.amount_minor} minor units of {notice.currency}")
    match = _match(unit, notice.account)
    payment_id = insert_payment(unit.connection, _row(unit, notice, match))
    if payment_id is None:
        return Recorded(_recorded_before(unit, notice), is_new=False)
    _post(unit, notice, match, payment_id)
    payer = reach_payer(unit, notice.payer_kind, notice.payer)
    if match is None:
        notify_suspense(
            unit, payment_id, notice.account, notice.amount_minor, notice.receipt, payer
        )
    else:
        unit.wakes.add("payments")
        notify_owner_of_payment(unit, payment_id, match, notice.amount_minor, notice.receipt, payer)
    return Recorded(payment_id, is_new=True)


def _match(unit: Unit, account: str) -> Match | None:
    """Money that has moved is never refused: without a match it is held in suspense."""
    try:
        return match_account(unit, account)
    except Refused:
        return None


def _recorded_before(unit: Unit, notice: PaymentNotice) -> int:
    """Return the payment recorded before under this receipt.

    A different amount opens a case. A notice that names the payer, after one that hid the number,
    lets the payer be told.
    """
    known = find_receipt(unit.connection, notice.provider_account, notice.receipt)
    if known is None:
        raise BrokenInvariant(f"receipt {notice.receipt} conflicts with no row")
    payment_id, booked_minor = known
    if notice.amount_minor != booked_minor:
        detail = (
            f"{notice.receipt}: {notice.source} says {notice.amount_minor},"
            f" the ledger {booked_minor}"
        )
        open_case(unit.connection, unit.now, "amount_differs", str(payment_id), detail, payment_id)
    if notice.payer_kind == "msisdn" and notice.payer is not None:
        payer_identified(unit, payment_id, notice.payer)
    return payment_id


def _row(unit: Unit, notice: PaymentNotice, match: Match | None) -> dict[str, object]:
    quoted_at = notice.quoted_at or (match and match.quoted_at) or notice.paid_at
    return {
        "provider_account": notice.provider_account,
        "receipt": notice.receipt,
        "source": notice.source,
        "amount_minor": notice.amount_minor,
        "currency": notice.currency,
        "account_raw": notice.account,
        "purpose": match.purpose if match else purpose_typed(notice.account),
        "device_id": match.device.id if match else None,
        "customer_id": match.customer_id if match else None,
        "payer_kind": notice.payer_kind,
        "payer": notice.payer,
        "paid_at": notice.paid_at,
        "paid_on": unit.paid_on(min(notice.paid_at, quoted_at)),
        "quoted_at": quoted_at,
        "received_at": unit.now,
        "next_attempt_at": unit.now,
        "state": "received" if match else "suspense",
    }


def _post(unit: Unit, notice: PaymentNotice, match: Match | None, payment_id: int) -> None:
    account = receiving_account(notice.provider_account)
    open_account(unit.connection, account, DEBIT)
    owner = match.customer_id if match else None
    holding = "unapplied" if match else "suspense"
    legs = (
        Posting(account, DEBIT, notice.amount_minor),
        Posting(holding, CREDIT, notice.amount_minor, owner),
    )
    entry = JournalEntry("received", f"received:{payment_id}", legs, value_at=notice.paid_at)
    post_entries(unit.connection, unit.now, [entry])

"""Send money back that bought nothing yet: an operator's act, or a rule for what nobody matched.

What has been applied is never refunded here: debts and tokens stand on it. A refund is a row before
any provider is asked, and leaves the payment's money in `refund_payable` until it is gone.
"""

from __future__ import annotations

from datetime import timedelta

from core.db.booked import BookedPayment, lock_payment, set_payment
from core.db.ledger import CREDIT, DEBIT, Entry, Posting, post_entries
from core.db.oversight import close_cases, open_case
from core.db.refunds import (
    Refund,
    find_given_up,
    insert_refund,
    unmatched_since,
    update_refund,
)
from core.errors import Refused
from core.unit import Unit
from core.usecases.audit import ITSELF, write_audit

# What a person is asked when the provider does not say what became of a refund, and when its rail
# sends nothing back by itself.
NOT_KNOWN, BY_HAND = "refund_unknown", "refund_by_hand"
# Where money waits that may still go back.
HOLDING = {"suspense": "suspense", "received": "unapplied"}
# The rails that can send money back by themselves.
_ACCOUNTS = ["daraja:%", "pawapay:%"]


def request_refund(unit: Unit, payment_id: int, operator: str, reason: str) -> int:
    """Set a payment's money aside to be sent back; the refund's id. Ring for refunds afterwards.
    One whose fate nobody could tell is asked for again, which is safe (follow_refund).

    Raises Refused: payment_unknown, refund_too_late (applied: debts are paid or a token is out),
    refund_under_way (refunded, reversed, or about to be), reason_missing.
    """
    payment = lock_payment(unit.connection, payment_id)
    if payment is None:
        raise Refused("payment_unknown", payment_id=payment_id)
    if payment.state == "applied":
        raise Refused("refund_too_late", receipt=payment.receipt)
    if (given_up := find_given_up(unit.connection, payment.id)) is not None:
        return _ask_again(unit, given_up, operator, reason)
    if payment.state not in HOLDING:
        raise Refused("refund_under_way", receipt=payment.receipt, state=payment.state)
    return _set_aside(unit, payment, operator, reason)


def _ask_again(unit: Unit, refund: Refund, operator: str, reason: str) -> int:
    update_refund(unit.connection, refund.id, attempts=0, next_attempt_at=unit.now)
    close_cases(unit.connection, unit.now, NOT_KNOWN, [refund.payment_id])
    write_audit(
        unit, operator, "refund_again", "payment", refund.payment_id, reason, refund_id=refund.id
    )
    return refund.id


def _set_aside(unit: Unit, payment: BookedPayment, operator: str, reason: str) -> int:
    refund_id = insert_refund(
        unit.connection, unit.now, payment.id, payment.amount_minor, payment.state
    )
    legs = (
        Posting(HOLDING[payment.state], DEBIT, payment.amount_minor, payment.customer_id),
        Posting("refund_payable", CREDIT, payment.amount_minor),
    )
    entry = Entry("refund_requested", f"refund_requested:{refund_id}", legs)
    post_entries(unit.connection, unit.now, [entry])
    set_payment(unit.connection, payment.id, state="refunding")
    write_audit(unit, operator, "refund", "payment", payment.id, reason, refund_id=refund_id)
    return refund_id


def refund_unmatched(unit: Unit, after: timedelta, limit: int) -> int:
    """Request refunds of what nobody matched within `after`; how many. Tried once by itself: after
    a refusal it is an operator's, as it is at once where the rail sends nothing back by itself.
    What a case is open about (a receipt that is on no statement, say) stays until it is closed."""
    _ask_for_hands(unit, after, limit)
    waiting = unmatched_since(unit.connection, unit.now - after, _ACCOUNTS, limit)
    done = 0
    for payment_id in waiting:
        payment = lock_payment(unit.connection, payment_id)
        if payment is not None and payment.state == "suspense":
            _set_aside(unit, payment, ITSELF, f"not matched within {after}")
            done += 1
    return done


def _ask_for_hands(unit: Unit, after: timedelta, limit: int) -> None:
    before = unit.now - after
    for payment_id in unmatched_since(unit.connection, before, _ACCOUNTS, limit, like=False):
        payment = lock_payment(unit.connection, payment_id)
        if payment is not None and payment.state == "suspense":
            detail = (
                f"{payment.receipt}: nobody matched it, and {payment.provider_account} sends"
                " nothing back by itself: match it, or send it back by hand and say so on its page"
            )
            open_case(unit.connection, unit.now, BY_HAND, str(payment_id), detail, payment_id)

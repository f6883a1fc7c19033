"""Send money back that bought nothing yet: an operator's act, or a rule for what nobody matched.

What has been applied is never refunded here: debts and tokens stand on it. A refund is a row before
any provider is asked, and leaves the payment's money in `refund_payable` until it is gone.
"""

from __future__ import annotations

from datetime import timedelta

from core.db.audit import close_cases, open_case
from core.db.ledger import post_entries
from core.db.payments import lock_payment, set_payment
from core.db.refunds import (
    claim_due,
    find_given_up,
    find_open_refund,
    find_refund,
    insert_refund,
    unmatched_since,
    update_refund,
)
from core.errors import BrokenInvariant, Refused
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.money import Money
from core.payment import BookedPayment
from core.refund import Refund
from core.unit import Unit
from core.usecases.messages.queue import send_sms_to
from core.usecases.operators.audit import ITSELF, write_audit
from core.usecases.payments.notify_payer import reach_payer
from core.usecases.refunds.reverse_payment import clearing_postings, reverse_applied_payment
from core.wording.messages import refund as refund_messages

# What a person is asked when the provider does not say what became of a refund, and when its rail
# sends nothing back by itself.
NOT_KNOWN, BY_HAND = "refund_unknown", "refund_by_hand"
# Where money waits that may still go back.
HOLDING = {"suspense": "suspense", "received": "unapplied"}


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
    entry = JournalEntry("refund_requested", f"refund_requested:{refund_id}", legs)
    post_entries(unit.connection, unit.now, [entry])
    set_payment(unit.connection, payment.id, state="refunding")
    write_audit(unit, operator, "refund", "payment", payment.id, reason, refund_id=refund_id)
    return refund_id


def refund_unmatched(unit: Unit, after: timedelta, limit: int) -> int:
    """Request refunds of what nobody matched within `after`; how many. Tried once by itself: after
    a refusal it is an operator's, as it is at once where the rail sends nothing back by itself.
    What a case is open about (a receipt that is on no statement, say) stays until it is closed."""
    _ask_for_hands(unit, after, limit)
    accounts = unit.channels.refunding_accounts()
    waiting = unmatched_since(unit.connection, unit.now - after, accounts, limit)
    done = 0
    for payment_id in waiting:
        payment = lock_payment(unit.connection, payment_id)
        if payment is not None and payment.state == "suspense":
            _set_aside(unit, payment, ITSELF, f"not matched within {after}")
            done += 1
    return done


def _ask_for_hands(unit: Unit, after: timedelta, limit: int) -> None:
    before, accounts = unit.now - after, unit.channels.refunding_accounts()
    for payment_id in unmatched_since(unit.connection, before, accounts, limit, like=False):
        payment = lock_payment(unit.connection, payment_id)
        if payment is not None and payment.state == "suspense":
            detail = (
                f"{payment.receipt}: nobody matched it, and {payment.provider_account} sends"
                " nothing back by itself: match it, or send it back by hand and say so on its page"
            )
            open_case(unit.connection, unit.now, BY_HAND, str(payment_id), detail, payment_id)


_LEASE = timedelta(minutes=2)
# When to ask again while nothing is known; after that a person is asked.
_AGAIN = tuple(timedelta(seconds=s) for s in (60, 180, 600, 1800, 3600, 3600, 14400, 43200))
_ENDED = ("done", "failed")


def claim_refunds(unit: Unit, limit: int) -> list[Refund]:
    """Take refunds to ask for, or to ask about. If the worker dies they come up again."""
    return claim_due(unit.connection, unit.now, _LEASE, limit)


def refund_unclear(unit: Unit, refund_id: int, code: str) -> None:
    """Asked, and the outcome is not known yet; asked again, ever less often, then a person."""
    refund = _locked(unit, refund_id)
    if refund.state in _ENDED:
        return
    given_up = refund.attempts > len(_AGAIN)
    if given_up:
        detail = f"refund of {refund.receipt}: no word from the provider, last {code}"
        dedupe_key = f"{refund.id}:{unit.today}"
        open_case(unit.connection, unit.now, NOT_KNOWN, dedupe_key, detail, refund.payment_id)
    update_refund(
        unit.connection,
        refund.id,
        state="unknown",
        provider_code=code,
        next_attempt_at=None if given_up else unit.now + _AGAIN[max(refund.attempts, 1) - 1],
    )


def refund_done(unit: Unit, refund_id: int, code: str) -> bool:
    """The money is back with the payer, who is told. False when it was known. Success wins over a
    refusal before it, whatever became of the money since."""
    refund = _locked(unit, refund_id)
    if refund.state == "done":
        return False
    if refund.state == "failed":
        return _done_after_all(unit, refund, code)
    return _gone(unit, refund, code)


def _done_after_all(unit: Unit, refund: Refund, code: str) -> bool:
    """The provider had refused: the money may wait, be on another way back, be used, or be gone."""
    payment = _payment(unit, refund)
    if payment.state in HOLDING:
        _move(unit, refund, "refund_after_all", HOLDING[payment.state], "refund_payable")
        return _gone(unit, refund, code)
    if payment.state == "applied":
        reverse_applied_payment(unit, payment)
        _end(unit, refund, "done", code, "reversed")
        return True
    other = find_open_refund(unit.connection, payment.id)
    return other is not None and refund_done(unit, other.id, code)


def _gone(unit: Unit, refund: Refund, code: str) -> bool:
    payment = _payment(unit, refund)
    owed = Posting("refund_payable", DEBIT, refund.amount_minor)
    legs = (owed, *clearing_postings(unit, payment))
    entry = JournalEntry("refund_done", f"refund_done:{refund.id}", legs)
    post_entries(unit.connection, unit.now, [entry])
    _end(unit, refund, "done", code, "refunded")
    _tell(unit, refund, payment)
    return True


def refund_refused(unit: Unit, refund_id: int, code: str) -> None:
    """The provider will not send it back: the money waits where it was, and an operator is told."""
    refund = _locked(unit, refund_id)
    if refund.state in _ENDED:
        return
    _move(unit, refund, "refund_failed", "refund_payable", HOLDING[refund.origin_state])
    _end(unit, refund, "failed", code, refund.origin_state)
    detail = f"refund of {refund.receipt} refused by the provider: {code}"
    open_case(unit.connection, unit.now, "refund_failed", str(refund.id), detail, refund.payment_id)


def _locked(unit: Unit, refund_id: int) -> Refund:
    """The refund as it is now, with its payment locked: the order in which all lock."""
    refund = find_refund(unit.connection, refund_id)
    if refund is not None:
        _payment(unit, refund)
        refund = find_refund(unit.connection, refund_id)
    if refund is None:
        raise BrokenInvariant(f"there is no refund {refund_id}")
    return refund


def _payment(unit: Unit, refund: Refund) -> BookedPayment:
    """The payment that is sent back, locked."""
    payment = lock_payment(unit.connection, refund.payment_id)
    if payment is None:
        raise BrokenInvariant(f"refund {refund.id} is of no payment")
    return payment


def _move(unit: Unit, refund: Refund, kind: str, debit: str, credit: str) -> None:
    owner = _payment(unit, refund).customer_id
    legs = tuple(
        Posting(account, side, refund.amount_minor, owner if account == "unapplied" else None)
        for account, side in ((debit, DEBIT), (credit, CREDIT))
    )
    post_entries(unit.connection, unit.now, [JournalEntry(kind, f"{kind}:{refund.id}", legs)])


def _end(unit: Unit, refund: Refund, state: str, code: str, payment_state: str) -> None:
    update_refund(
        unit.connection,
        refund.id,
        state=state,
        provider_code=code,
        ended_at=unit.now,
        next_attempt_at=None,
    )
    set_payment(unit.connection, refund.payment_id, state=payment_state)


def _tell(unit: Unit, refund: Refund, payment: BookedPayment) -> None:
    message = refund_messages.refunded(
        amount=Money(refund.amount_minor, unit.market.currency),
        receipt=refund.receipt,
        operator=unit.market.operator,
    )
    payer = reach_payer(unit, payment.payer_kind, payment.payer)
    send_sms_to(unit, payer, message, f"refunded:{refund.id}", payment_id=payment.id)

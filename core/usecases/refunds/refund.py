"""Send a payment's money back that has bought nothing yet, in whole or in part.

An operator requests it, or a rule does for money that stayed unmatched. An applied payment is never
refunded here, because debts and tokens depend on it (see reversal). The refund is a row before the
provider is asked; until the money has left, it stands in `refund_payable`.
"""

from __future__ import annotations

from datetime import timedelta

from core.credit import CREDIT_ACCOUNT
from core.db.audit import close_cases, open_case
from core.db.ledger import post_entries
from core.db.payments import get_payment, lock_payment, set_payment
from core.db.refunds import (
    claim_due,
    find_given_up,
    find_open_refund,
    find_refund,
    insert_refund,
    unmatched_since,
    update_refund,
)
from core.errors import BadCallback, BrokenInvariant, Refused
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.money import Money
from core.payment import BookedPayment, normalise_receipt
from core.refund import NewReturn, Refund, RefundState, reversal_receipt
from core.unit import Unit
from core.usecases.operators.audit import ITSELF, write_audit
from core.usecases.payments.notify_payer import notify_payer_of_return
from core.usecases.refunds.money_out import lock_agent_of, postings_out
from core.usecases.refunds.return_money import (
    HOLDING,
    insert_whole,
    is_recorded,
    mark_returned,
    named_returns,
    record_provider_return,
    report_unclear,
)

# Cases: the provider does not say what became of a refund; its channel cannot send money back.
NOT_KNOWN, BY_HAND = "refund_unknown", "refund_by_hand"


def request_refund(
    unit: Unit, payment_id: int, operator: str, reason: str, amount_minor: int | None = None
) -> int:
    """Set a payment's money aside to be sent back, all that is left or a part; the refund's id.
    One whose outcome stayed unknown is asked for again, which is safe (follow_refund).

    Raises Refused: payment_unknown, refund_too_late (applied: debts are paid or a token is out),
    refund_under_way (refunded, reversed, or about to be), return_too_large, refund_of_part (the
    channel sends only whole payments back), credit_payment (paid from credit), amount_missing,
    reason_missing.
    """
    payment = lock_payment(unit.connection, payment_id)
    if payment is None:
        raise Refused("payment_unknown", payment_id=payment_id)
    if payment.state == "applied":
        raise Refused("refund_too_late", receipt=payment.receipt)
    if payment.provider_account == CREDIT_ACCOUNT:
        raise Refused("credit_payment", receipt=payment.receipt)
    if (given_up := find_given_up(unit.connection, payment.id)) is not None:
        return _ask_again(unit, given_up, operator, reason)
    if payment.state not in HOLDING:
        raise Refused("refund_under_way", receipt=payment.receipt, state=payment.state)
    amount = payment.left_minor if amount_minor is None else amount_minor
    _check_amount(unit, payment, amount)
    return _set_aside(unit, payment, operator, reason, amount)


def _check_amount(unit: Unit, payment: BookedPayment, amount_minor: int) -> None:
    left = Money(payment.left_minor, unit.market.currency)
    if amount_minor <= 0:
        raise Refused("amount_missing")
    if amount_minor > left.minor:
        raise Refused("return_too_large", receipt=payment.receipt, left=left)
    if amount_minor < payment.amount_minor and not unit.channels.refunds_parts(
        payment.provider_account
    ):
        raise Refused("refund_of_part", account=payment.provider_account)


def _ask_again(unit: Unit, refund: Refund, operator: str, reason: str) -> int:
    update_refund(unit.connection, refund.id, attempts=0, next_attempt_at=unit.now)
    unit.wakes.add("reconciliation")
    close_cases(unit.connection, unit.now, NOT_KNOWN, [refund.payment_id])
    write_audit(
        unit, operator, "retry_refund", "payment", refund.payment_id, reason, refund_id=refund.id
    )
    return refund.id


def _set_aside(
    unit: Unit, payment: BookedPayment, operator: str, reason: str, amount_minor: int
) -> int:
    """All that is left is set aside, so that none of it is used meanwhile."""
    refund_id = insert_refund(unit.connection, unit.now, payment.id, amount_minor, payment.state)
    unit.wakes.add("reconciliation")
    legs = (
        Posting(HOLDING[payment.state], DEBIT, payment.left_minor, payment.customer_id),
        Posting("refund_payable", CREDIT, payment.left_minor),
    )
    entry = JournalEntry("refund_requested", f"refund_requested:{refund_id}", legs)
    post_entries(unit.connection, unit.now, [entry])
    set_payment(unit.connection, payment.id, state="refunding")
    write_audit(
        unit, operator, "refund", "payment", payment.id, reason,
        refund_id=refund_id, amount_minor=amount_minor,
    )  # fmt: skip
    return refund_id


def refund_unmatched(unit: Unit, after: timedelta, limit: int) -> int:
    """Request refunds of payments that stayed in suspense for `after`; returns how many.

    A refund is requested once: after a refusal, or on a channel that cannot send money back, a case
    is opened for an operator. A payment with an open case waits until the case is closed.
    """
    _open_cases_for_manual_refunds(unit, after, limit)
    accounts = unit.channels.refunding_accounts()
    waiting = unmatched_since(unit.connection, unit.now - after, accounts, limit)
    done = 0
    for payment_id in waiting:
        payment = lock_payment(unit.connection, payment_id)
        if payment is None or payment.state != "suspense":
            continue
        if payment.returned_minor and not unit.channels.refunds_parts(payment.provider_account):
            _open_case_by_hand(unit, payment, "cannot send a part of a payment back")
            continue
        _set_aside(unit, payment, ITSELF, f"not matched within {after}", payment.left_minor)
        done += 1
    return done


def _open_cases_for_manual_refunds(unit: Unit, after: timedelta, limit: int) -> None:
    before, accounts = unit.now - after, unit.channels.refunding_accounts()
    for payment_id in unmatched_since(unit.connection, before, accounts, limit, like=False):
        payment = lock_payment(unit.connection, payment_id)
        if payment is not None and payment.state == "suspense":
            _open_case_by_hand(unit, payment, "cannot send money back")


def _open_case_by_hand(unit: Unit, payment: BookedPayment, why: str) -> None:
    detail = (
        f"{payment.receipt} is unmatched, and {payment.provider_account} {why}: match it, or send"
        " it back by hand and record that on its page"
    )
    open_case(unit.connection, unit.now, BY_HAND, str(payment.id), detail, payment.id)


_LEASE = timedelta(minutes=2)
# When to ask again while the outcome is unknown; after the last a case is opened.
_AGAIN = tuple(timedelta(seconds=s) for s in (60, 180, 600, 1800, 3600, 3600, 14400, 43200))
_ENDED = ("done", "failed")


def claim_refunds(unit: Unit, limit: int) -> list[Refund]:
    """Claim up to `limit` refunds to send or to look up. If the worker dies, they are due again."""
    return claim_due(unit.connection, unit.now, _LEASE, limit)


def find_known_refund(unit: Unit, refund_id: int, receipt: str | None = None) -> Refund:
    """Return the refund that a callback is about. Raises BadCallback when there is none, or when
    the callback names another receipt than that of the refund."""
    refund = find_refund(unit.connection, refund_id)
    if refund is None or (receipt and normalise_receipt(receipt) != refund.receipt):
        raise BadCallback("no such refund")
    return refund


def refund_unclear(unit: Unit, refund_id: int, code: str) -> None:
    """The provider was asked and the outcome is unknown: look it up later, at last open a case."""
    refund = _lock_refund(unit, refund_id)
    if refund.state in _ENDED:
        return
    has_ended = refund.attempts > len(_AGAIN)
    if has_ended:
        detail = f"refund of {refund.receipt}: outcome unknown, the provider's last code is {code}"
        dedupe_key = f"{refund.id}:{unit.today}"
        open_case(unit.connection, unit.now, NOT_KNOWN, dedupe_key, detail, refund.payment_id)
    update_refund(
        unit.connection,
        refund.id,
        state="unknown",
        provider_code=code,
        next_attempt_at=None if has_ended else unit.now + _AGAIN[max(refund.attempts, 1) - 1],
    )


def refund_done(unit: Unit, refund_id: int, code: str, back: NewReturn | None = None) -> bool:
    """Record that the money is back with the payer, who gets an SMS; False when known before.

    Success overrides an earlier refusal, whatever became of the money in the meantime. `back`: what
    the provider says of it, such as its receipt; another amount than was asked for is a case.
    """
    refund = _lock_refund(unit, refund_id)
    stated = back or NewReturn()
    if refund.state == "done":
        return False
    if stated.amount_minor not in (None, refund.amount_minor):
        return _unclear(unit, refund, stated, refund.amount_minor)
    back = NewReturn(
        refund.amount_minor,
        "provider",
        reversal_receipt(stated.reference, refund.receipt),
        stated.happened_at,
    )
    if refund.state == "failed":
        return _done_after_refusal(unit, refund, code, back)
    if named_returns(unit, _payment_of(unit, refund), back.reference):
        return _unclear(unit, refund, back, 0)
    return _complete(unit, refund, code, back)


def _unclear(unit: Unit, refund: Refund, stated: NewReturn, possible_minor: int) -> bool:
    """The provider sent another amount than it was asked for, or names money that went back before:
    a person looks, nothing is booked."""
    sums = (stated.amount_minor or 0, possible_minor)
    report_unclear(unit, _payment_of(unit, refund), stated.reference, sums)
    return False


def _done_after_refusal(unit: Unit, refund: Refund, code: str, back: NewReturn) -> bool:
    """The refund was refused earlier: the money may wait, be in another refund, be used or gone."""
    payment = _payment_of(unit, refund)
    if payment.state == "refunding":
        other = find_open_refund(unit.connection, payment.id)
        return other is not None and refund_done(unit, other.id, code, back)
    if is_recorded(unit, payment, back.reference, refund.amount_minor):
        _end_refund(unit, refund, "done", code)
        return False
    if named_returns(unit, payment, back.reference):
        return _unclear(unit, refund, back, 0)
    if payment.state in HOLDING and refund.amount_minor <= payment.left_minor:
        _move_what_is_left(
            unit, refund, "refund_after_all", HOLDING[payment.state], "refund_payable"
        )
        return _complete(unit, refund, code, back)
    if record_provider_return(unit, payment, back) is None:
        return False
    _end_refund(unit, refund, "done", code)
    return True


def _complete(unit: Unit, refund: Refund, code: str, back: NewReturn) -> bool:
    """Send the refund's amount out; what else was set aside goes back to where it was."""
    payment = _payment_of(unit, refund)
    returned = insert_whole(unit, payment, back)
    kept = payment.left_minor - refund.amount_minor
    origin = payment.state if payment.state in HOLDING else refund.origin_state
    holding = HOLDING[origin]
    legs = (
        Posting("refund_payable", DEBIT, payment.left_minor),
        Posting(holding, CREDIT, kept, payment.customer_id if holding == "unapplied" else None),
        *postings_out(unit, payment, returned),
    )
    key = f"refund_done:{refund.id}"
    entry = JournalEntry("refund_done", key, legs, value_at=returned.happened_at)
    post_entries(unit.connection, unit.now, [entry])
    _end_refund(unit, refund, "done", code)
    mark_returned(unit, payment, refund.amount_minor, "refunded", origin)
    if kept and origin == "received":
        unit.wakes.add("payments")
    notify_payer_of_return(unit, payment, refund.amount_minor, f"refunded:{refund.id}")
    return True


def refund_refused(unit: Unit, refund_id: int, code: str) -> None:
    """The provider refuses the refund: the money returns to where it was; a case is opened."""
    refund = _lock_refund(unit, refund_id)
    if refund.state in _ENDED:
        return
    _put_back(unit, refund, code)
    detail = f"refund of {refund.receipt} refused by the provider: {code}"
    open_case(unit.connection, unit.now, "refund_failed", str(refund.id), detail, refund.payment_id)


def not_sent(unit: Unit, refund_id: int) -> BookedPayment:
    """An operator says that a refund of unknown outcome was not sent: its money returns to where it
    was. Return the payment."""
    refund = _lock_refund(unit, refund_id)
    _put_back(unit, refund, "by_hand")
    return _payment_of(unit, refund)


def _put_back(unit: Unit, refund: Refund, code: str) -> None:
    _move_what_is_left(
        unit, refund, "refund_failed", "refund_payable", HOLDING[refund.origin_state]
    )
    _end_refund(unit, refund, "failed", code)
    set_payment(unit.connection, refund.payment_id, state=refund.origin_state)
    if refund.origin_state == "received":
        unit.wakes.add("payments")


def _lock_refund(unit: Unit, refund_id: int) -> Refund:
    """Return the current refund; its agent and its payment are locked first, as everywhere."""
    refund = find_refund(unit.connection, refund_id)
    if refund is not None:
        collected = get_payment(unit.connection, refund.payment_id)
        if collected is not None:
            lock_agent_of(unit, collected)
        _payment_of(unit, refund)
        refund = find_refund(unit.connection, refund_id)
    if refund is None:
        raise BrokenInvariant(f"there is no refund {refund_id}")
    return refund


def _payment_of(unit: Unit, refund: Refund) -> BookedPayment:
    """Return the payment of a refund, locked."""
    payment = lock_payment(unit.connection, refund.payment_id)
    if payment is None:
        raise BrokenInvariant(f"refund {refund.id} is of no payment")
    return payment


def _move_what_is_left(unit: Unit, refund: Refund, kind: str, debit: str, credit: str) -> None:
    """Move all that a payment has left between the account that holds it and `refund_payable`."""
    payment = _payment_of(unit, refund)
    legs = tuple(
        Posting(
            account, side, payment.left_minor,
            payment.customer_id if account == "unapplied" else None,
        )
        for account, side in ((debit, DEBIT), (credit, CREDIT))
    )  # fmt: skip
    post_entries(unit.connection, unit.now, [JournalEntry(kind, f"{kind}:{refund.id}", legs)])


def _end_refund(unit: Unit, refund: Refund, state: RefundState, code: str) -> None:
    update_refund(
        unit.connection,
        refund.id,
        state=state,
        provider_code=code,
        ended_at=unit.now,
        next_attempt_at=None,
    )

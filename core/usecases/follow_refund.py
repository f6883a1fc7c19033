"""Follow a refund from the worker that asks for it to the provider's last word.

Asking again is safe: the provider reverses a receipt once, and says so when it has done it already.
"""

from __future__ import annotations

from datetime import timedelta

from core.db.booked import BookedPayment, lock_payment, set_payment
from core.db.ledger import CREDIT, DEBIT, Entry, Posting, post_entries
from core.db.oversight import open_case
from core.db.refunds import Refund, claim_due, find_open_refund, find_refund, update_refund
from core.errors import BrokenInvariant
from core.money import Money
from core.unit import Unit
from core.usecases.leave_clearing import leave_clearing
from core.usecases.request_refund import HOLDING, NOT_KNOWN
from core.usecases.tell_payer import reach_payer
from core.usecases.texts import text_to
from core.usecases.undo_applied import undo_applied
from core.wording.messages import refund as refund_messages

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
        occasion = f"{refund.id}:{unit.today}"
        open_case(unit.connection, unit.now, NOT_KNOWN, occasion, detail, refund.payment_id)
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
        undo_applied(unit, payment)
        _end(unit, refund, "done", code, "reversed")
        return True
    other = find_open_refund(unit.connection, payment.id)
    return other is not None and refund_done(unit, other.id, code)


def _gone(unit: Unit, refund: Refund, code: str) -> bool:
    payment = _payment(unit, refund)
    owed = Posting("refund_payable", DEBIT, refund.amount_minor)
    legs = (owed, *leave_clearing(unit, payment))
    entry = Entry("refund_done", f"refund_done:{refund.id}", legs)
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
    post_entries(unit.connection, unit.now, [Entry(kind, f"{kind}:{refund.id}", legs)])


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
    text_to(unit, payer, message, f"refunded:{refund.id}", payment_id=payment.id)

"""Record that money went back: a provider took it, or it was given back by hand.

Reversing entries are posted; nothing is edited or deleted (return_money).
"""

from __future__ import annotations

from core.credit import CREDIT_ACCOUNT
from core.db.audit import close_cases, open_case
from core.db.payments import find_receipt, get_payment, hold, lock_payment
from core.db.refunds import find_given_up, find_open_refund
from core.db.returns import returns_of
from core.errors import BadCallback, BrokenInvariant, Refused
from core.money import Money
from core.payment import TOLD_BACK, BookedPayment
from core.refund import NewReturn, clean_reference, reversal_receipt
from core.unit import Unit
from core.usecases.operators.audit import write_audit
from core.usecases.payments.notify_payer import notify_payer_of_return
from core.usecases.refunds.held_movement import settle_held_movement
from core.usecases.refunds.money_out import lock_agent_of
from core.usecases.refunds.refund import BY_HAND, NOT_KNOWN, not_sent, refund_done
from core.usecases.refunds.return_money import (
    HOLDING,
    check_day,
    is_recorded,
    named_returns,
    record_provider_return,
    report_unclear,
    return_money,
)

_RETURNED = ("reversed", "refunded")


def record_reversal(
    unit: Unit, provider_account: str, receipt: str, back: NewReturn, operator: str, reason: str
) -> bool:
    """Record that a provider took money of `receipt` back, in whole or in part; False when that was
    recorded before, or is a case now because it cannot be true.

    A reversal that answers a refund of ours completes it. Raises Refused: receipt_unknown,
    reason_missing; and BadCallback for an amount that is not positive.
    """
    found = find_receipt(unit.connection, provider_account, receipt)
    payment = _lock_after_agent(unit, found[0]) if found else None
    if payment is None:
        raise Refused("receipt_unknown", receipt=receipt)
    amount = payment.amount_minor if back.amount_minor is None else back.amount_minor
    if amount <= 0:
        raise BadCallback(f"{receipt}: nothing goes back by an amount of nothing")
    own = reversal_receipt(back.reference, receipt)
    back = NewReturn(amount, "provider", own, back.happened_at)
    if payment.state == "refunding":
        return _answer_refund(unit, payment, back)
    clawback_minor = record_provider_return(unit, payment, back)
    if clawback_minor is None:
        return False
    _audit(unit, payment, back, (operator, reason), clawback_minor)
    return True


def report_told_reversal(unit: Unit, provider_account: str, receipt: str, back: NewReturn) -> bool:
    """Open a case, as a message that proves nothing says that a provider took money of `receipt`
    back. Nothing is booked; money that is not used yet waits. False where it was booked before.

    Raises Refused("receipt_unknown").
    """
    found = find_receipt(unit.connection, provider_account, receipt)
    payment = _lock_after_agent(unit, found[0]) if found else None
    if payment is None:
        raise Refused("receipt_unknown", receipt=receipt)
    own = reversal_receipt(back.reference, receipt)
    amount = Money(back.amount_minor or payment.left_minor, unit.market.currency)
    if not payment.left_minor or is_recorded(unit, payment, own, amount.minor):
        return False
    named = f" (receipt {own})" if own else ""
    detail = (
        f"{payment.receipt}: a message that proves nothing says that {amount} of it went back"
        f"{named}. Nothing was booked: read the provider's statement, which books it, or record the"
        " return on the page of the payment where its portal shows it"
    )
    key = f"{payment.id}:{own or amount.minor}"
    open_case(unit.connection, unit.now, TOLD_BACK, key, detail, payment.id)
    hold(unit.connection, payment.id, "a message says that it went back")
    return True


def _answer_refund(unit: Unit, payment: BookedPayment, back: NewReturn) -> bool:
    """A reversal of the amount that we asked for is the refund itself, unless it is of a part that
    went back before the refund was asked for."""
    refund = find_open_refund(unit.connection, payment.id)
    if refund is None:
        raise BrokenInvariant(f"payment {payment.id} is being refunded without a refund")
    earlier = named_returns(unit, payment, back.reference)
    if any(each.moved_minor == back.amount_minor for each in earlier):
        return False
    if not earlier and back.amount_minor == refund.amount_minor:
        return refund_done(unit, refund.id, "reversed", back)
    sums = (back.amount_minor or 0, 0 if earlier else refund.amount_minor)
    report_unclear(unit, payment, back.reference, sums)
    return False


def reverse_by_hand(
    unit: Unit, payment_id: int, back: NewReturn, operator: str, reason: str
) -> bool:
    """Record that money of a payment is back with the payer: sent by hand, returned by an agent, or
    taken back by the provider without a callback. False when it was recorded before under the same
    reference.

    Raises Refused: payment_unknown, refund_under_way (returned already, or being refunded by a
    provider), return_too_large, amount_missing, reference_missing (of a part), reference_used,
    day_ahead, credit_payment (paid from credit: it can only become credit again), reason_missing.
    """
    payment = _lock_after_agent(unit, payment_id)
    if payment is None:
        raise Refused("payment_unknown", payment_id=payment_id)
    back = NewReturn(
        back.amount_minor, back.source, clean_reference(back.reference), back.happened_at
    )
    if _is_recorded(unit, payment, back):
        return False
    unresolved = find_given_up(unit.connection, payment.id)
    if payment.state in (*_RETURNED, "refunding") and unresolved is None:
        raise Refused("refund_under_way", receipt=payment.receipt, state=payment.state)
    back = _checked(unit, payment, back)
    clawback_minor = 0
    if unresolved is not None and _is_the_refund(back, unresolved.amount_minor):
        refund_done(unit, unresolved.id, "by_hand", back)
    else:
        if unresolved is not None:
            payment = not_sent(unit, unresolved.id)
        clawback_minor = return_money(unit, payment, back)
        if payment.state in HOLDING and back.amount_minor:
            key = f"returned:{payment.id}:{payment.returned_minor}"
            notify_payer_of_return(unit, payment, back.amount_minor, key)
    _audit(unit, payment, back, (operator, reason), clawback_minor)
    if back.source == "provider" and back.amount_minor:
        settle_held_movement(unit, payment.provider_account, back.reference, back.amount_minor)
    is_all = back.amount_minor == payment.left_minor
    for kind in (NOT_KNOWN, BY_HAND) if is_all else (NOT_KNOWN,):
        close_cases(unit.connection, unit.now, kind, [payment.id])
    return True


def _lock_after_agent(unit: Unit, payment_id: int) -> BookedPayment | None:
    """Return the payment, locked after the agent who collected it, if any: agents lock first."""
    found = get_payment(unit.connection, payment_id)
    if found is not None:
        lock_agent_of(unit, found)
    return lock_payment(unit.connection, payment_id)


def _is_recorded(unit: Unit, payment: BookedPayment, back: NewReturn) -> bool:
    """Whether it was recorded before under its reference, or by a provider that gave none: then the
    amount tells, and the reference is kept."""
    if back.reference is None:
        return False
    if any(
        (known.source, known.reference) == (back.source, back.reference)
        and back.amount_minor in (None, known.amount_minor)
        for known in returns_of(unit.connection, payment.id)
    ):
        return True
    return (
        back.source == "provider"
        and back.amount_minor is not None
        and is_recorded(unit, payment, back.reference, back.amount_minor)
    )


def _checked(unit: Unit, payment: BookedPayment, back: NewReturn) -> NewReturn:
    """Return what goes back with its amount, after checking that it can."""
    check_day(unit, back)
    if payment.provider_account == CREDIT_ACCOUNT and back.source != "provider":
        raise Refused("credit_payment", receipt=payment.receipt)
    left = Money(payment.left_minor, unit.market.currency)
    amount = left.minor if back.amount_minor is None else back.amount_minor
    if amount <= 0:
        raise Refused("amount_missing")
    if amount > left.minor:
        raise Refused("return_too_large", receipt=payment.receipt, left=left)
    if amount < left.minor and back.reference is None:
        raise Refused("reference_missing")
    references = {known.reference for known in returns_of(unit.connection, payment.id)}
    if back.reference is not None and back.reference in references:
        raise Refused("reference_used", reference=back.reference)
    return NewReturn(amount, back.source, back.reference, back.happened_at)


def _is_the_refund(back: NewReturn, refund_minor: int) -> bool:
    return back.source == "provider" and back.amount_minor == refund_minor


def _audit(
    unit: Unit, payment: BookedPayment, back: NewReturn, actor: tuple[str, str], clawback_minor: int
) -> None:
    operator, reason = actor
    write_audit(
        unit, operator, "reverse", "payment", payment.id, reason,
        amount_minor=back.amount_minor, taken_from=back.source, reference=back.reference,
        clawback_minor=clawback_minor,
    )  # fmt: skip

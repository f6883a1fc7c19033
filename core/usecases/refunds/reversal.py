"""A payment was taken back, by its provider or (cash of an agent) by hand: its entries are
mirrored, nothing is edited (reverse_applied_payment, clearing_postings)."""

from __future__ import annotations

from core.db.audit import close_cases
from core.db.ledger import post_entries
from core.db.payments import get_payment, lock_payment, lock_receipt, set_payment
from core.db.refunds import find_given_up, find_open_refund
from core.errors import BadCallback, BrokenInvariant, Refused
from core.payment import BookedPayment
from core.unit import Unit
from core.usecases.operators.audit import write_audit
from core.usecases.refunds.refund import BY_HAND, NOT_KNOWN, refund_done
from core.usecases.refunds.reverse_payment import (
    lock_agent_of,
    reverse_applied_payment,
    reversing_entry,
)

_BACK = ("reversed", "refunded")


def record_reversal(
    unit: Unit, provider_account: str, receipt: str, amount_minor: int, operator: str, reason: str
) -> bool:
    """Book that `receipt` was taken back, whole; False when that was known.

    A reversal that answers a refund of ours completes it. Raises Refused("receipt_unknown",
    "reason_missing"), BadCallback for another amount than was paid.
    """
    payment = lock_receipt(unit.connection, provider_account, receipt)
    if payment is None:
        raise Refused("receipt_unknown", receipt=receipt)
    if payment.state in _BACK:
        return False
    if amount_minor != payment.amount_minor:
        raise BadCallback(f"{receipt}: {amount_minor} is not the amount of the payment")
    if payment.state == "refunding":
        refund = find_open_refund(unit.connection, payment.id)
        if refund is None:
            raise BrokenInvariant(f"payment {payment.id} is being refunded without a refund")
        return refund_done(unit, refund.id, "reversed")
    _undo(unit, payment, operator, reason)
    return True


def reverse_by_hand(unit: Unit, payment_id: int, operator: str, reason: str) -> None:
    """A person knows that a payment's money is back with whoever paid: sent by hand, given back by
    an agent, or taken back by the provider, who said so by letter.

    Raises Refused: payment_unknown, refund_under_way (back already, or a provider is being asked to
    send it), reason_missing.
    """
    payment = _lock_after_agent(unit, payment_id)
    if payment is None:
        raise Refused("payment_unknown", payment_id=payment_id)
    given_up = find_given_up(unit.connection, payment.id)
    if payment.state in (*_BACK, "refunding") and given_up is None:
        raise Refused("refund_under_way", receipt=payment.receipt, state=payment.state)
    if given_up is None:
        _undo(unit, payment, operator, reason)
    else:
        refund_done(unit, given_up.id, "by_hand")
        write_audit(unit, operator, "reversal", "payment", payment.id, reason)
    for kind in (NOT_KNOWN, BY_HAND):
        close_cases(unit.connection, unit.now, kind, [payment.id])


def _lock_after_agent(unit: Unit, payment_id: int) -> BookedPayment | None:
    """The payment, locked after the agent who took it, if one did: an act of an agent locks the
    agent first, and customers later."""
    found = get_payment(unit.connection, payment_id)
    if found is not None:
        lock_agent_of(unit, found)
    return lock_payment(unit.connection, payment_id)


def _undo(unit: Unit, payment: BookedPayment, operator: str, reason: str) -> None:
    undo = reverse_applied_payment if payment.state == "applied" else _undo_held
    claim_minor = undo(unit, payment)
    write_audit(unit, operator, "reversal", "payment", payment.id, reason, claim_minor=claim_minor)


def _undo_held(unit: Unit, payment: BookedPayment) -> int:
    """It bought nothing yet: only the received entry is mirrored."""
    holding = "suspense" if payment.state == "suspense" else "unapplied"
    entry = reversing_entry(unit, payment, holding)
    post_entries(unit.connection, unit.now, [entry])
    set_payment(unit.connection, payment.id, state="reversed", problem=None)
    return 0

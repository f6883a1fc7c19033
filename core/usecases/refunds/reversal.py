"""Record a reversal: a provider took a payment back, or an agent's cash went back by hand.

Reversing entries are posted; nothing is edited or deleted (reverse_applied_payment).
"""

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

_RETURNED = ("reversed", "refunded")


def record_reversal(
    unit: Unit, provider_account: str, receipt: str, amount_minor: int, operator: str, reason: str
) -> bool:
    """Record that the whole of `receipt` was taken back; False when that was recorded before.

    A reversal that answers a refund of ours completes it. Raises Refused: receipt_unknown,
    reason_missing; and BadCallback for an amount other than the payment's.
    """
    payment = lock_receipt(unit.connection, provider_account, receipt)
    if payment is None:
        raise Refused("receipt_unknown", receipt=receipt)
    if payment.state in _RETURNED:
        return False
    if amount_minor != payment.amount_minor:
        raise BadCallback(f"{receipt}: {amount_minor} is not the amount of the payment")
    if payment.state == "refunding":
        refund = find_open_refund(unit.connection, payment.id)
        if refund is None:
            raise BrokenInvariant(f"payment {payment.id} is being refunded without a refund")
        return refund_done(unit, refund.id, "reversed")
    _reverse(unit, payment, operator, reason)
    return True


def reverse_by_hand(unit: Unit, payment_id: int, operator: str, reason: str) -> None:
    """Record that a payment's money is back with the payer: sent by hand, returned by an agent, or
    taken back by the provider without a callback.

    Raises Refused: payment_unknown, refund_under_way (returned already, or being refunded by a
    provider), reason_missing.
    """
    payment = _lock_after_agent(unit, payment_id)
    if payment is None:
        raise Refused("payment_unknown", payment_id=payment_id)
    unresolved = find_given_up(unit.connection, payment.id)
    if payment.state in (*_RETURNED, "refunding") and unresolved is None:
        raise Refused("refund_under_way", receipt=payment.receipt, state=payment.state)
    if unresolved is None:
        _reverse(unit, payment, operator, reason)
    else:
        refund_done(unit, unresolved.id, "by_hand")
        write_audit(unit, operator, "reverse", "payment", payment.id, reason)
    for kind in (NOT_KNOWN, BY_HAND):
        close_cases(unit.connection, unit.now, kind, [payment.id])


def _lock_after_agent(unit: Unit, payment_id: int) -> BookedPayment | None:
    """Return the payment, locked after the agent who collected it, if any: agents lock first."""
    found = get_payment(unit.connection, payment_id)
    if found is not None:
        lock_agent_of(unit, found)
    return lock_payment(unit.connection, payment_id)


def _reverse(unit: Unit, payment: BookedPayment, operator: str, reason: str) -> None:
    reverse = reverse_applied_payment if payment.state == "applied" else _reverse_held
    clawback_minor = reverse(unit, payment)
    write_audit(
        unit, operator, "reverse", "payment", payment.id, reason, clawback_minor=clawback_minor
    )


def _reverse_held(unit: Unit, payment: BookedPayment) -> int:
    """The payment bought nothing yet: only its first entry is reversed."""
    holding = "suspense" if payment.state == "suspense" else "unapplied"
    entry = reversing_entry(unit, payment, holding)
    post_entries(unit.connection, unit.now, [entry])
    set_payment(unit.connection, payment.id, state="reversed", problem=None)
    return 0

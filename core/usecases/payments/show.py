"""Show what a payment did. Only reads."""

from __future__ import annotations

from dataclasses import dataclass

from core.db.payments import find_payments, lines_of, tokens_of
from core.errors import Refused
from core.payment import SentToken, StoredLine, StoredPayment
from core.unit import Unit


@dataclass(frozen=True, slots=True)
class PaymentStory:
    """A payment with its lines and tokens, both empty until it is applied."""

    payment: StoredPayment
    lines: list[StoredLine]
    tokens: list[SentToken]


def show_payment(unit: Unit, receipt: str, provider_account: str | None = None) -> PaymentStory:
    """Return the payment with that receipt, with its lines and tokens.

    Raises Refused: receipt_unknown, or receipt_ambiguous when several provider accounts have the
    receipt and none is named.
    """
    found = find_payments(unit.connection, receipt)
    if provider_account is not None:
        found = [payment for payment in found if payment.provider_account == provider_account]
    if not found:
        raise Refused("receipt_unknown", receipt=receipt)
    if len(found) > 1:
        accounts = ", ".join(payment.provider_account for payment in found)
        raise Refused("receipt_ambiguous", receipt=receipt, accounts=accounts)
    payment = found[0]
    return PaymentStory(
        payment, lines_of(unit.connection, payment.id), tokens_of(unit.connection, payment.id)
    )

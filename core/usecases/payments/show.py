"""Everything about one payment, for the console and the command line. Only reads."""

from __future__ import annotations

from dataclasses import dataclass

from core.db.console.audit import Action, audit_of
from core.db.console.cases import CaseRow, cases_of_payment
from core.db.console.payments import (
    PaymentAllocation,
    PaymentDetails,
    PaymentEntry,
    PaymentRefund,
    PaymentSms,
    allocations_of_payment,
    entries_of_payment,
    find_payment_details,
    payments_with_receipt,
    refunds_of_payment,
    sms_of_payment,
)
from core.db.console.tokens import IssuedToken, tokens_of_payment
from core.db.console.vends import VendRow, vends_of_payment
from core.db.payments import is_held
from core.db.provider_words import find_word
from core.db.returns import Return, returns_of
from core.errors import Refused
from core.payment import ProviderWord
from core.unit import Unit


@dataclass(frozen=True, slots=True)
class PaymentHistory:
    """A payment with what it caused. Without an allocation and tokens until it is applied.
    `vends`: what the vendors of devices are asked for.
    `is_held`: it waits for a person, or for a provider's word; `word`: what is known of that, where
    it is needed."""

    payment: PaymentDetails
    is_held: bool
    word: ProviderWord | None
    allocations: list[PaymentAllocation]
    tokens: list[IssuedToken]
    vends: list[VendRow]
    entries: list[PaymentEntry]
    messages: list[PaymentSms]
    refunds: list[PaymentRefund]
    returns: list[Return]
    cases: list[CaseRow]
    audit: list[Action]


def find_payment_history(unit: Unit, payment_id: int) -> PaymentHistory | None:
    """Return the payment with that id and what it caused."""
    payment = find_payment_details(unit.connection, payment_id)
    return None if payment is None else _history(unit, payment)


def show_payment(unit: Unit, receipt: str, provider_account: str | None = None) -> PaymentHistory:
    """Return the payment with that receipt and what it caused.

    Raises Refused: receipt_unknown, or receipt_ambiguous when several provider accounts have the
    receipt and none is named.
    """
    found = payments_with_receipt(unit.connection, receipt)
    if provider_account is not None:
        found = [payment for payment in found if payment.provider_account == provider_account]
    if not found:
        raise Refused("receipt_unknown", receipt=receipt)
    if len(found) > 1:
        accounts = ", ".join(payment.provider_account for payment in found)
        raise Refused("receipt_ambiguous", receipt=receipt, accounts=accounts)
    return _history(unit, found[0])


def _history(unit: Unit, payment: PaymentDetails) -> PaymentHistory:
    connection = unit.connection
    return PaymentHistory(
        payment,
        is_held(connection, payment.id),
        find_word(connection, payment.id),
        allocations_of_payment(connection, payment.id),
        tokens_of_payment(connection, payment.id),
        vends_of_payment(connection, payment.id),
        entries_of_payment(connection, payment.id),
        sms_of_payment(connection, payment.id),
        refunds_of_payment(connection, payment.id),
        returns_of(connection, payment.id),
        cases_of_payment(connection, payment.id),
        audit_of(connection, "payment", payment.id),
    )

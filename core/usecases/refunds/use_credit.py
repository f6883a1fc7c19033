"""Use a customer's credit without new money: it becomes a payment, which is applied like any."""

from __future__ import annotations

from core.credit import CREDIT_ACCOUNT
from core.db.credit import next_credit_receipt
from core.db.ledger import post_entries
from core.db.payments import insert_payment, move_credit
from core.errors import BrokenInvariant, Refused
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.unit import Unit
from core.usecases.operators.audit import write_audit
from core.usecases.payments.find_account import Match, match_account
from core.usecases.payments.quote import check_credit_is_useful
from core.usecases.refunds.credit import credit_to_take, lock_all


def use_credit(unit: Unit, customer_id: int, account: str, operator: str, reason: str) -> str:
    """Pay with all the credit of a customer, without new money; the receipt of that payment. It is
    applied like any other, and the customer gets its receipt by SMS.

    `account`: a device of theirs, or as a payer would type it. Raises Refused: customer_missing,
    credit_too_small, credit_waits, device_of_other (of another customer), credit_buys_nothing,
    unknown_serial, device_in_stock, reason_missing.
    """
    customer = lock_all(unit, customer_id)[customer_id]
    amount = credit_to_take(unit, customer, None)
    match = match_account(unit, account)
    if match.customer_id != customer.id:
        raise Refused("device_of_other", serial=account)
    check_credit_is_useful(unit, account)
    receipt = next_credit_receipt(unit.connection)
    payment_id = insert_payment(unit.connection, _row(unit, match, receipt, account, amount))
    if payment_id is None:
        raise BrokenInvariant(f"receipt {receipt} is taken")
    move_credit(unit.connection, customer.id, -amount)
    legs = (
        Posting("customer_credit", DEBIT, amount, customer.id),
        Posting("unapplied", CREDIT, amount, customer.id),
    )
    entry = JournalEntry("credit_used", f"credit_used:{payment_id}", legs)
    post_entries(unit.connection, unit.now, [entry])
    unit.wakes.add("payments")
    write_audit(
        unit, operator, "use_credit", "customer", customer.id, reason,
        amount_minor=amount, receipt=receipt, account=account,
    )  # fmt: skip
    return receipt


def _row(unit: Unit, match: Match, receipt: str, account: str, amount: int) -> dict[str, object]:
    return {
        "provider_account": CREDIT_ACCOUNT,
        "receipt": receipt,
        "source": "credit",
        "amount_minor": amount,
        "currency": unit.market.currency,
        "account_raw": account,
        "purpose": match.purpose,
        "device_id": match.device_id,
        "customer_id": match.customer_id,
        "payer_kind": "none",
        "paid_at": unit.now,
        "paid_on": unit.today,
        "received_at": unit.now,
        "next_attempt_at": unit.now,
        "state": "received",
    }

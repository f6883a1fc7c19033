"""Cash of the office is taken to the bank."""

from __future__ import annotations

from core.db.ledger import balance, is_posted, lock_account, post_entries
from core.errors import Refused
from core.journal import CREDIT, DEBIT, OWN_ACCOUNTS, JournalEntry, Posting
from core.money import Money
from core.unit import Unit
from core.usecases.operators.audit import write_audit


def bank_cash(unit: Unit, amount: Money, receipt: str, operator: str, reason: str) -> Money:
    """Book cash of the office into the bank. Return what the office still holds.

    `receipt` is the number of the deposit slip: the same one again is refused. Raises Refused:
    amount_invalid, receipt_used, cash_too_little (the ledger has less in the office),
    reason_missing.
    """
    office, bank = OWN_ACCOUNTS["office"], OWN_ACCOUNTS["bank"]
    lock_account(unit.connection, office)
    key = f"banked:{receipt}"
    if is_posted(unit.connection, key):
        raise Refused("receipt_used", receipt=receipt)
    if not amount:
        cash_unit = Money(unit.market.cash_unit_minor, amount.currency)
        raise Refused("amount_invalid", cash_unit=cash_unit)
    held_minor = max(balance(unit.connection, office), 0)
    if amount.minor > held_minor:
        raise Refused("cash_too_little", most=Money(held_minor, amount.currency))
    legs = (Posting(bank, DEBIT, amount.minor), Posting(office, CREDIT, amount.minor))
    post_entries(unit.connection, unit.now, [JournalEntry("banked", key, legs)])
    write_audit(
        unit, operator, "bank_cash", "cash", 0, reason, amount_minor=amount.minor, receipt=receipt
    )
    return Money(held_minor - amount.minor, amount.currency)

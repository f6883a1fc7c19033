"""An operator ends a debt that is not of a sale: a fee is waived, or a clawback written off.

A waived fee is a discount, a clawback that is given up a bad debt. The customer gets an SMS.
"""

from __future__ import annotations

from core.db.customers import get_customer, lock_customers, note_changed_debts
from core.db.forgiven import ForgivableKind, ForgivenDebt, forgive, owner_of_debt
from core.db.ledger import post_entries
from core.errors import Refused
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.money import Money
from core.unit import Unit
from core.usecases.messages.queue import send_sms_to
from core.usecases.operators.audit import write_audit
from core.wording.message import BoundMessage
from core.wording.messages import sale_sms

# By kind of debt: what the act is called, the account of the loss, and that of the debt.
_BOOKED: dict[ForgivableKind, tuple[str, str, str]] = {
    "access_rate": ("waive_fee", "expense:discount", "receivable:access"),
    "clawback": ("write_off_clawback", "expense:bad_debt", "receivable:clawback"),
}


def forgive_debt(
    unit: Unit, kind: ForgivableKind, debt_id: int, operator: str, reason: str
) -> Money:
    """Waive what is open of an access fee (`access_rate`), or write off what is open of a clawback
    (`clawback`); `debt_id` is the id of its row. Return the amount.

    Raises Refused: debt_unknown, debt_closed (nothing of it is open), reason_missing.
    """
    customer_id = owner_of_debt(unit.connection, kind, debt_id)
    if customer_id is None:
        raise Refused("debt_unknown")
    lock_customers(unit.connection, [customer_id])
    note_changed_debts(unit.connection, unit.now, customer_id)
    debt = forgive(unit.connection, kind, debt_id)
    if debt is None:
        raise Refused("debt_closed")
    action, loss, receivable = _BOOKED[kind]
    amount = Money(debt.amount_minor, unit.market.currency)
    legs = (
        Posting(loss, DEBIT, amount.minor, customer_id),
        Posting(receivable, CREDIT, amount.minor, customer_id),
    )
    key = f"{action}:{debt_id}:{unit.now.isoformat()}"
    post_entries(unit.connection, unit.now, [JournalEntry(action, key, legs)])
    customer = get_customer(unit.connection, customer_id)
    send_sms_to(unit, customer, _message(unit, kind, debt, amount), key)
    write_audit(
        unit, operator, action, "customer", customer_id, reason, amount_minor=amount.minor,
        about=debt.about, due_on=debt.due_on.isoformat(),
    )  # fmt: skip
    return amount


def _message(unit: Unit, kind: ForgivableKind, debt: ForgivenDebt, amount: Money) -> BoundMessage:
    operator = unit.market.operator
    if kind == "clawback":
        return sale_sms.clawback_written_off(amount=amount, receipt=debt.about, operator=operator)
    return sale_sms.fee_waived(
        amount=amount, serial=debt.about, since=debt.due_on, operator=operator
    )

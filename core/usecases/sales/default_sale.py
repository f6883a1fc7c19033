"""A sale is in default: by the market's rule for late payers, or by an operator, who can undo it.

Nothing is posted: what is open is still owed, and paid in the same order as ever. The state tells
which customers to visit, and precedes repossession and write-off.
"""

from __future__ import annotations

from datetime import timedelta

from core.db.sales import instalments_of, late_sales, lock_sale, set_sale
from core.errors import Refused
from core.money import Money
from core.sale import LockedSale
from core.unit import Unit
from core.usecases.operators.audit import write_audit
from core.usecases.sales.running_sale import lock_due_plan, notify_buyer
from core.wording.messages import sale_sms

# Who acts by the rule, in the audit log.
_RULE = "rule"


def default_sale(unit: Unit, sale_id: int, operator: str, reason: str) -> None:
    """Declare a running sale in default.

    Raises Refused: sale_unknown, sale_not_open, sale_paused, sale_without_plan, sale_in_default,
    sale_not_late (nothing is due), reason_missing.
    """
    sale = lock_due_plan(unit, sale_id, changes_debts=False)
    if sale.state == "defaulted":
        raise Refused("sale_in_default")
    if not _due_minor(unit, sale):
        raise Refused("sale_not_late")
    _declare_default(unit, sale, operator, reason)


def undo_default(unit: Unit, sale_id: int, operator: str, reason: str) -> None:
    """Declare a sale in good standing again. The rule for late payers counts from today on.

    Raises Refused: sale_unknown, sale_not_open, sale_paused, sale_without_plan,
    sale_not_in_default, reason_missing.
    """
    sale = lock_due_plan(unit, sale_id, changes_debts=False)
    if sale.state != "defaulted":
        raise Refused("sale_not_in_default")
    set_sale(unit.connection, sale.id, state="open", default_undone_on=unit.today)
    message = sale_sms.default_undone(appliance=sale.appliance, operator=unit.market.operator)
    notify_buyer(unit, sale, message)
    write_audit(unit, operator, "undo_default", "sale", sale.id, reason)


def find_late_sales(unit: Unit) -> list[int]:
    """Return the ids of the sales that the market's rule puts in default, none without the rule.

    The rule: an instalment has been due for more than `default_after_days`, counted from the day an
    operator last undid the default.
    """
    days = unit.market.default_after_days
    return [] if days is None else late_sales(unit.connection, unit.today - timedelta(days=days))


def default_late_sale(unit: Unit, sale_id: int) -> None:
    """Declare a sale that was found late in default by the market's rule, unless it was paid or
    changed since."""
    sale = lock_sale(unit.connection, sale_id)
    if sale is not None and sale.state == "open" and _due_minor(unit, sale):
        _declare_default(unit, sale, _RULE, f"more than {unit.market.default_after_days} days late")


def _declare_default(unit: Unit, sale: LockedSale, operator: str, reason: str) -> None:
    set_sale(unit.connection, sale.id, state="defaulted")
    due = Money(_due_minor(unit, sale), unit.market.currency)
    message = sale_sms.defaulted(
        appliance=sale.appliance, due=due, operator=unit.market.operator
    )  # fmt: skip
    notify_buyer(unit, sale, message)
    write_audit(unit, operator, "default", "sale", sale.id, reason, due_minor=due.minor)


def _due_minor(unit: Unit, sale: LockedSale) -> int:
    return sum(
        part.open_minor
        for part in instalments_of(unit.connection, sale.id)
        if part.due_on <= unit.today
    )

"""A sale is paused and resumed by an operator: while it is paused nothing of it falls due."""

from __future__ import annotations

from core.db.sales import instalments_of, move_due_days, set_sale
from core.errors import Refused
from core.money import Money
from core.unit import Unit
from core.usecases.operators.audit import write_audit
from core.usecases.sales.running_sale import (
    lock_due_plan,
    lock_running_plan,
    notify_buyer,
)
from core.wording.messages import sale_sms


def pause_sale(unit: Unit, sale_id: int, operator: str, reason: str) -> None:
    """Stop the clock of a running sale. What is paid meanwhile is paid ahead.

    Raises Refused: sale_unknown, sale_not_open, sale_paused, sale_without_plan, reason_missing;
    sale_in_default, which is undone first.
    """
    sale = lock_due_plan(unit, sale_id)
    if sale.state == "defaulted":
        raise Refused("sale_in_default")
    set_sale(unit.connection, sale.id, state="paused", paused_on=unit.today)
    message = sale_sms.paused(appliance=sale.appliance, operator=unit.market.operator)
    notify_buyer(unit, sale, message)
    write_audit(unit, operator, "pause", "sale", sale.id, reason)


def resume_sale(unit: Unit, sale_id: int, operator: str, reason: str) -> None:
    """Let the clock of a paused sale run on: the open instalments fall due later by the pause.

    Raises Refused: sale_unknown, sale_not_open, sale_without_plan, sale_not_paused,
    reason_missing.
    """
    sale = lock_running_plan(unit, sale_id)
    if sale.paused_on is None:
        raise Refused("sale_not_paused")
    days = (unit.today - sale.paused_on).days
    move_due_days(unit.connection, sale.id, days)
    set_sale(unit.connection, sale.id, state="open", paused_on=None)
    following = next(part for part in instalments_of(unit.connection, sale.id) if part.open_minor)
    message = sale_sms.resumed(
        appliance=sale.appliance,
        next=Money(following.open_minor, unit.market.currency),
        next_on=following.due_on,
        operator=unit.market.operator,
    )
    notify_buyer(unit, sale, message)
    write_audit(unit, operator, "resume", "sale", sale.id, reason, days=days)

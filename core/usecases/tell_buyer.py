"""What a customer is told by text when an operator changes or ends a sale of theirs."""

from __future__ import annotations

from collections.abc import Sequence

from core.db.customers import get_customer
from core.db.plans import LockedSale
from core.money import Money
from core.replan import Part
from core.unit import Unit
from core.usecases.texts import text_to
from core.wording.message import BoundMessage
from core.wording.messages import sale_sms


def tell_new_plan(unit: Unit, sale: LockedSale, parts: Sequence[Part]) -> None:
    """What is left to pay of it from now on, and when."""
    _tell(unit, sale, _new_plan(unit, sale, [part for part in parts if part.open_minor]))


def _new_plan(unit: Unit, sale: LockedSale, left: Sequence[Part]) -> BoundMessage:
    operator, currency = unit.market.operator, unit.market.currency
    if not left:
        return sale_sms.nothing_left(appliance=sale.appliance, operator=operator)
    return sale_sms.plan_changed(
        appliance=sale.appliance,
        left=Money(sum(part.open_minor for part in left), currency),
        parts=len(left),
        next=Money(left[0].open_minor, currency),
        next_on=left[0].due_on,
        last_on=left[-1].due_on,
        operator=operator,
    )


def tell_cancelled(unit: Unit, sale: LockedSale) -> None:
    """That nothing more is owed for it."""
    operator = unit.market.operator
    _tell(unit, sale, sale_sms.cancelled(appliance=sale.appliance, operator=operator))


def _tell(unit: Unit, sale: LockedSale, message: BoundMessage) -> None:
    customer = get_customer(unit.connection, sale.customer_id)
    text_to(unit, customer, message, f"sale_changed:{sale.id}:{unit.now.isoformat()}")

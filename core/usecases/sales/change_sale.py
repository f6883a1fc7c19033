"""An operator changes a running sale: a new price, a discount, or other instalments.

What is paid stays paid. The customer gets an SMS about what is left to pay, after every change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from core.db.sales import instalments_of, set_sale, write_instalments
from core.errors import BrokenInvariant, Refused
from core.money import Money
from core.plan import PAYG, ByAmount, ByCount, Cadence, Instalment, step_on
from core.reschedule import reprice, reschedule
from core.sale import LockedSale
from core.unit import Unit
from core.usecases.agents.commission import follow_sale
from core.usecases.devices.in_flight import ensure_nothing_moves
from core.usecases.operators.audit import write_audit
from core.usecases.sales.running_sale import (
    device_of_sale,
    lock_due_plan,
    notify_buyer,
    open_minor,
    post_sale_change,
)
from core.usecases.tokens.token_orders import order_unlock
from core.wording.message import BoundMessage
from core.wording.messages import sale_sms

_FIRST_WITHIN = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class NewSchedule:
    """The instalments that replace those not yet touched.

    `first_due_on` None: one cadence from today.
    """

    schedule: ByCount | ByAmount
    cadence: Cadence
    first_due_on: date | None = None


def reprice_sale(
    unit: Unit, sale_id: int, new_total_minor: int, operator: str, reason: str
) -> None:
    """Change the total of a running sale. At what is paid the sale is complete, and a device that
    works by the day is unlocked.

    Raises Refused: sale_unknown, sale_not_open, sale_paused, sale_without_plan, plan_same,
    plan_below_paid, plan_total, plan_reversed_part, reason_missing, payment_waiting, prompt_open.
    """
    sale = lock_due_plan(unit, sale_id)
    ensure_nothing_moves(unit, sale.customer_id)
    if new_total_minor == sale.total_minor:
        raise Refused("plan_same")
    plan = write_new_total(unit, sale, new_total_minor)
    change = new_total_minor - sale.total_minor
    post_sale_change(unit, sale, "repriced", "income:sales", change)
    if not open_minor(plan):
        set_sale(unit.connection, sale.id, state="complete")
        unlock_device(unit, sale, operator, reason)
    notify_buyer(unit, sale, _new_plan(unit, sale, plan))
    write_audit(
        unit, operator, "reprice", "sale", sale.id, reason, total_minor=new_total_minor,
        total_before_minor=sale.total_minor,
    )  # fmt: skip


def discount_sale(unit: Unit, sale_id: int, discount: Money, operator: str, reason: str) -> None:
    """Forgive a part of what is left to pay; the rest is spread over the untouched instalments.

    Raises Refused: sale_unknown, sale_not_open, sale_paused, sale_without_plan, discount_too_large
    (nothing would be left: settle the sale instead), plan_same, plan_total, plan_reversed_part,
    reason_missing, payment_waiting, prompt_open.
    """
    sale = lock_due_plan(unit, sale_id)
    ensure_nothing_moves(unit, sale.customer_id)
    left_minor = open_minor(instalments_of(unit.connection, sale.id))
    if not discount:
        raise Refused("plan_same")
    if discount.minor >= left_minor:
        raise Refused("discount_too_large", left=Money(left_minor, discount.currency))
    plan = write_new_total(unit, sale, sale.total_minor - discount.minor)
    post_sale_change(unit, sale, "discounted", "expense:discount", -discount.minor)
    following = next(instalment for instalment in plan if instalment.open_minor)
    message = sale_sms.discounted(
        appliance=sale.appliance,
        discount=discount,
        left=Money(open_minor(plan), discount.currency),
        next=Money(following.open_minor, discount.currency),
        next_on=following.due_on,
        operator=unit.market.operator,
    )
    notify_buyer(unit, sale, message)
    write_audit(
        unit, operator, "discount", "sale", sale.id, reason, discount_minor=discount.minor
    )  # fmt: skip


def write_new_total(unit: Unit, sale: LockedSale, new_total_minor: int) -> list[Instalment]:
    """Spread a new total over the plan of a locked sale; the commission follows. Return the plan.

    Raises Refused: plan_below_paid, plan_total, plan_reversed_part.
    """
    cash_unit_minor = unit.market.cash_unit_minor
    before = instalments_of(unit.connection, sale.id)
    plan = reprice(before, new_total_minor, sale.cadence, cash_unit_minor, sale.sold_on)
    if _total_minor(plan) != new_total_minor:
        raise BrokenInvariant(f"sale {sale.id}: the new plan is not {new_total_minor}")
    write_instalments(unit.connection, sale.id, plan)
    set_sale(unit.connection, sale.id, total_minor=new_total_minor)
    follow_sale(unit, sale, new_total_minor)
    return plan


def unlock_device(unit: Unit, sale: LockedSale, operator: str, reason: str) -> None:
    """Order the token that frees the device of a sale with nothing left to pay."""
    device = device_of_sale(unit, sale)
    if device is not None and device.kind in PAYG:
        order_unlock(unit, device, operator, reason)


def reschedule_sale(unit: Unit, sale_id: int, new: NewSchedule, operator: str, reason: str) -> None:
    """Replace the untouched instalments of a running sale.

    Raises Refused: sale_unknown, sale_not_open, sale_paused, sale_without_plan,
    plan_nothing_untouched, plan_*, reason_missing, payment_waiting, prompt_open; plan_first_day for
    a day that has passed or is more than a year ahead.
    """
    sale = lock_due_plan(unit, sale_id)
    ensure_nothing_moves(unit, sale.customer_id)
    plan = _rescheduled(unit, sale, new)
    write_instalments(unit.connection, sale.id, plan)
    set_sale(unit.connection, sale.id, cadence=new.cadence, scheme=new.schedule.scheme)
    notify_buyer(unit, sale, _new_plan(unit, sale, plan))
    write_audit(
        unit, operator, "reschedule", "sale", sale.id, reason, cadence=new.cadence, parts=len(plan)
    )


def _rescheduled(unit: Unit, sale: LockedSale, new: NewSchedule) -> list[Instalment]:
    first_on = new.first_due_on or step_on(unit.today, new.cadence, 1)
    check_first_day(unit, first_on)
    before = instalments_of(unit.connection, sale.id)
    plan = reschedule(
        before,
        new.schedule,
        new.cadence,
        first_on,
        unit.market.cash_unit_minor,
        days_bought=sale.device_kind in PAYG,
    )
    if _total_minor(plan) != _total_minor(before):
        raise BrokenInvariant(f"sale {sale.id}: rescheduling changed its price")
    return plan


def check_first_day(unit: Unit, first_on: date) -> None:
    """Check the first due day of new instalments. Raises Refused("plan_first_day")."""
    if not unit.today <= first_on <= unit.today + _FIRST_WITHIN:
        raise Refused("plan_first_day")


def _total_minor(plan: Sequence[Instalment]) -> int:
    return sum(instalment.amount_minor for instalment in plan)


def _new_plan(unit: Unit, sale: LockedSale, plan: Sequence[Instalment]) -> BoundMessage:
    """Return what is left to pay from now on, and when."""
    left = [instalment for instalment in plan if instalment.open_minor]
    operator, currency = unit.market.operator, unit.market.currency
    if not left:
        return sale_sms.nothing_left(appliance=sale.appliance, operator=operator)
    return sale_sms.plan_changed(
        appliance=sale.appliance,
        left=Money(open_minor(left), currency),
        parts=len(left),
        next=Money(left[0].open_minor, currency),
        next_on=left[0].due_on,
        last_on=left[-1].due_on,
        operator=operator,
    )

"""An operator changes a sale: a new price, other instalments, or its end.

What is paid stays paid. The customer gets an SMS about what is left to pay, after every change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from core.db.customers import get_customer
from core.db.devices import get_device
from core.db.ledger import post_entries
from core.db.sales import (
    instalments_of,
    lock_sale,
    return_to_stock,
    set_sale,
    write_instalments,
)
from core.errors import BrokenInvariant, Refused
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.money import Money
from core.plan import PAYG, ByAmount, ByCount, Cadence, Instalment, step_on
from core.reschedule import reprice, reschedule
from core.sale import LockedSale
from core.unit import Unit
from core.usecases.devices.stock import ensure_no_pending_payment
from core.usecases.messages.queue import send_sms_to
from core.usecases.operators.audit import write_audit
from core.usecases.tokens.token_orders import order_lock
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
    """Change the total of an open sale.

    Raises Refused: sale_unknown, sale_not_open, sale_without_plan, plan_same, plan_below_paid,
    plan_total, plan_reversed_part, reason_missing; plan_unlocks where nothing would be left to pay
    on a device, because a payment is what unlocks it.
    """
    sale = _lock_open_plan(unit, sale_id)
    plan = _repriced(unit, sale, new_total_minor)
    is_complete = not any(instalment.open_minor for instalment in plan)
    if is_complete and sale.device_kind in PAYG:
        raise Refused("plan_unlocks")
    write_instalments(unit.connection, sale.id, plan)
    state = "complete" if is_complete else "open"
    set_sale(unit.connection, sale.id, total_minor=new_total_minor, state=state)
    change = new_total_minor - sale.total_minor
    _post_change(unit, sale, "repriced", f"repriced:{sale.id}:{unit.now.isoformat()}", change)
    _notify_new_plan(unit, sale, plan)
    write_audit(
        unit, operator, "reprice", "sale", sale.id, reason, total_minor=new_total_minor,
        total_before_minor=sale.total_minor,
    )  # fmt: skip


def _repriced(unit: Unit, sale: LockedSale, new_total_minor: int) -> list[Instalment]:
    if new_total_minor == sale.total_minor:
        raise Refused("plan_same")
    plan = instalments_of(unit.connection, sale.id)
    plan = reprice(plan, new_total_minor, sale.cadence, unit.market.cash_unit_minor)
    if _total_minor(plan) != new_total_minor:
        raise BrokenInvariant(f"sale {sale.id}: the new plan is not {new_total_minor}")
    return plan


def reschedule_sale(unit: Unit, sale_id: int, new: NewSchedule, operator: str, reason: str) -> None:
    """Replace the untouched instalments of an open sale.

    Raises Refused: sale_unknown, sale_not_open, sale_without_plan, plan_nothing_untouched, plan_*,
    reason_missing; plan_first_day for a day that has passed or is more than a year ahead.
    """
    sale = _lock_open_plan(unit, sale_id)
    plan = _rescheduled(unit, sale, new)
    write_instalments(unit.connection, sale.id, plan)
    set_sale(unit.connection, sale.id, cadence=new.cadence, scheme=new.schedule.scheme)
    _notify_new_plan(unit, sale, plan)
    write_audit(
        unit, operator, "reschedule", "sale", sale.id, reason, cadence=new.cadence, parts=len(plan)
    )


def _rescheduled(unit: Unit, sale: LockedSale, new: NewSchedule) -> list[Instalment]:
    first_on = new.first_due_on or step_on(unit.today, new.cadence, 1)
    if not unit.today <= first_on <= unit.today + _FIRST_WITHIN:
        raise Refused("plan_first_day")
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


def cancel_sale(unit: Unit, sale_id: int, operator: str, reason: str) -> None:
    """Cancel an open sale: nothing more is owed, the device returns to stock and is locked.

    Raises Refused: sale_unknown, sale_not_open, reason_missing; payment_waiting while a payment for
    the device waits to be applied.
    """
    sale = _lock_open(unit, sale_id)
    device = None if sale.device_id is None else get_device(unit.connection, sale.device_id)
    if device is not None:
        ensure_no_pending_payment(unit, device.id, device.serial)
    plan = instalments_of(unit.connection, sale.id)
    open_minor = sum(instalment.open_minor for instalment in plan)
    _post_change(unit, sale, "cancelled", f"cancelled:{sale.id}", -open_minor)
    set_sale(unit.connection, sale.id, state="cancelled")
    if device is not None:
        return_to_stock(unit.connection, device.id, unit.now)
        order_lock(unit, get_device(unit.connection, device.id), operator, reason)
    message = sale_sms.cancelled(appliance=sale.appliance, operator=unit.market.operator)
    _notify(unit, sale, message)
    write_audit(unit, operator, "cancel", "sale", sale.id, reason, open_minor=open_minor)


def _lock_open(unit: Unit, sale_id: int) -> LockedSale:
    sale = lock_sale(unit.connection, sale_id)
    if sale is None:
        raise Refused("sale_unknown")
    if sale.state != "open":
        raise Refused("sale_not_open", state=sale.state)
    return sale


def _lock_open_plan(unit: Unit, sale_id: int) -> LockedSale:
    sale = _lock_open(unit, sale_id)
    if sale.scheme == "service":
        raise Refused("sale_without_plan")
    return sale


def _total_minor(plan: Sequence[Instalment]) -> int:
    return sum(instalment.amount_minor for instalment in plan)


def _post_change(unit: Unit, sale: LockedSale, kind: str, event: str, change_minor: int) -> None:
    """Book that the customer owes `change_minor` more for the sale, or less where negative."""
    if not change_minor:
        return
    receivable, income = (DEBIT, CREDIT) if change_minor > 0 else (CREDIT, DEBIT)
    amount = abs(change_minor)
    legs = (
        Posting("receivable:sales", receivable, amount, sale.customer_id),
        Posting("income:sales", income, amount, sale.customer_id),
    )
    post_entries(unit.connection, unit.now, [JournalEntry(kind, event, legs)])


def _notify_new_plan(unit: Unit, sale: LockedSale, plan: Sequence[Instalment]) -> None:
    """Send the customer what is left to pay from now on, and when."""
    left = [instalment for instalment in plan if instalment.open_minor]
    _notify(unit, sale, _new_plan(unit, sale, left))


def _new_plan(unit: Unit, sale: LockedSale, left: Sequence[Instalment]) -> BoundMessage:
    operator, currency = unit.market.operator, unit.market.currency
    if not left:
        return sale_sms.nothing_left(appliance=sale.appliance, operator=operator)
    return sale_sms.plan_changed(
        appliance=sale.appliance,
        left=Money(sum(instalment.open_minor for instalment in left), currency),
        parts=len(left),
        next=Money(left[0].open_minor, currency),
        next_on=left[0].due_on,
        last_on=left[-1].due_on,
        operator=operator,
    )


def _notify(unit: Unit, sale: LockedSale, message: BoundMessage) -> None:
    customer = get_customer(unit.connection, sale.customer_id)
    send_sms_to(unit, customer, message, f"sale_changed:{sale.id}:{unit.now.isoformat()}")

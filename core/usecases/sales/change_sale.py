"""An operator gives a sale a new price: what is paid stays paid, the rest is spread anew.

The customer is told by text what is left to pay, as after every change of a sale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from core.db.customers import get_customer
from core.db.devices import get_device
from core.db.ledger import post_entries
from core.db.sales import lock_sale, parts_of, set_sale, take_back, write_parts
from core.errors import BrokenInvariant, Refused
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.money import Money
from core.plan import PAYG, step_on
from core.reschedule import Part, reprice, reschedule
from core.sale import LockedSale
from core.unit import Unit
from core.usecases.devices.stock import ensure_no_pending_payment
from core.usecases.messages.queue import send_sms_to
from core.usecases.operators.audit import write_audit
from core.usecases.tokens.token_orders import order_lock
from core.wording.message import BoundMessage
from core.wording.messages import sale_sms


def reprice_sale(
    unit: Unit, sale_id: int, new_total_minor: int, operator: str, reason: str
) -> None:
    """Change the total of an open sale. Raises Refused: sale_unknown, sale_not_open, plan_same,
    plan_below_paid, plan_total, reason_missing; and plan_unlocks where nothing would be left to pay
    on a device, because a payment is what unlocks it."""
    sale = open_plan(unit, sale_id)
    parts = repriced(unit, sale, new_total_minor)
    complete = not any(part.open_minor for part in parts)
    if complete and sale.device_kind in PAYG:
        raise Refused("plan_unlocks")
    write_parts(unit.connection, sale.id, parts)
    state = "complete" if complete else "open"
    set_sale(unit.connection, sale.id, total_minor=new_total_minor, state=state)
    change = new_total_minor - sale.total_minor
    post_change(unit, sale, "repriced", f"repriced:{sale.id}:{unit.now.isoformat()}", change)
    tell_new_plan(unit, sale, parts)
    write_audit(
        unit, operator, "reprice", "sale", sale.id, reason, total_minor=new_total_minor,
        total_before_minor=sale.total_minor,
    )  # fmt: skip


def repriced(unit: Unit, sale: LockedSale, new_total_minor: int) -> list[Part]:
    """The plan as it would be. Raises Refused as above; writes nothing."""
    if new_total_minor == sale.total_minor:
        raise Refused("plan_same")
    parts = reprice(
        parts_of(unit.connection, sale.id),
        new_total_minor,
        sale.cadence,
        unit.market.cash_unit_minor,
    )
    if sum(part.amount_minor for part in parts) != new_total_minor:
        raise BrokenInvariant(f"sale {sale.id}: the new plan is not {new_total_minor}")
    return parts


def open_plan(unit: Unit, sale_id: int) -> LockedSale:
    """The sale, locked, when it has a plan that runs. Raises Refused."""
    sale = lock_sale(unit.connection, sale_id)
    if sale is None:
        raise Refused("sale_unknown")
    if sale.state != "open":
        raise Refused("sale_not_open", state=sale.state)
    if sale.scheme == "service":
        raise Refused("sale_without_plan")
    return sale


def post_change(unit: Unit, sale: LockedSale, kind: str, event: str, change_minor: int) -> None:
    """What the customer owes for the sale grows, or shrinks, by `change_minor`."""
    if not change_minor:
        return
    receivable, income = (DEBIT, CREDIT) if change_minor > 0 else (CREDIT, DEBIT)
    amount = abs(change_minor)
    legs = (
        Posting("receivable:sales", receivable, amount, sale.customer_id),
        Posting("income:sales", income, amount, sale.customer_id),
    )
    post_entries(unit.connection, unit.now, [JournalEntry(kind, event, legs)])


_FIRST_WITHIN = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class NewSchedule:
    """`count` or `instalment_minor`, by scheme; `first_due_on` None: one cadence from today."""

    cadence: str
    count: int | None = None
    instalment_minor: int | None = None
    first_due_on: date | None = None


def reschedule_sale(unit: Unit, sale_id: int, new: NewSchedule, operator: str, reason: str) -> None:
    """Replace the untouched instalments of an open sale. Raises Refused: sale_unknown,
    sale_not_open, plan_nothing_untouched, plan_first_day (it has passed, or is more than a year
    ahead), plan_*, reason_missing."""
    sale = open_plan(unit, sale_id)
    parts = rescheduled(unit, sale, new)
    write_parts(unit.connection, sale.id, parts)
    scheme = "count" if new.count is not None else "amount"
    set_sale(unit.connection, sale.id, cadence=new.cadence, scheme=scheme)
    tell_new_plan(unit, sale, parts)
    write_audit(
        unit, operator, "reschedule", "sale", sale.id, reason, cadence=new.cadence, parts=len(parts)
    )


def rescheduled(unit: Unit, sale: LockedSale, new: NewSchedule) -> list[Part]:
    """The plan as it would be. Raises Refused as above; writes nothing."""
    first_on = new.first_due_on or step_on(unit.today, new.cadence, 1)
    if not unit.today <= first_on <= unit.today + _FIRST_WITHIN:
        raise Refused("plan_first_day")
    before = parts_of(unit.connection, sale.id)
    parts = reschedule(
        before,
        new.cadence,
        first_on,
        unit.market.cash_unit_minor,
        days_bought=sale.device_kind in PAYG,
        count=new.count,
        instalment_minor=new.instalment_minor,
    )
    if sum(part.amount_minor for part in parts) != sum(part.amount_minor for part in before):
        raise BrokenInvariant(f"sale {sale.id}: rescheduling changed its price")
    return parts


def cancel_sale(unit: Unit, sale_id: int, operator: str, reason: str) -> None:
    """Cancel an open sale. Raises Refused: sale_unknown, sale_not_open, payment_waiting (money for
    the device is about to be applied), reason_missing."""
    sale = lock_sale(unit.connection, sale_id)
    if sale is None:
        raise Refused("sale_unknown")
    if sale.state != "open":
        raise Refused("sale_not_open", state=sale.state)
    device = None if sale.device_id is None else get_device(unit.connection, sale.device_id)
    if device is not None:
        ensure_no_pending_payment(unit, device.id, device.serial)
    open_minor = sum(part.open_minor for part in parts_of(unit.connection, sale.id))
    post_change(unit, sale, "cancelled", f"cancelled:{sale.id}", -open_minor)
    set_sale(unit.connection, sale.id, state="cancelled")
    if device is not None:
        take_back(unit.connection, device.id)
        order_lock(unit, get_device(unit.connection, device.id), operator, reason)
    tell_cancelled(unit, sale)
    write_audit(unit, operator, "cancel", "sale", sale.id, reason, open_minor=open_minor)


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
    send_sms_to(unit, customer, message, f"sale_changed:{sale.id}:{unit.now.isoformat()}")

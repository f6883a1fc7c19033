"""An operator ends a running sale: cancelled, repossessed, settled early, or written off.

Each end has a reason, an audit row, an entry and an SMS to the customer. What was paid stays paid,
and is what the agent's commission is a share of from then on. The instalments are kept as they
were; nothing of them is owed any more.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from core.db.devices import get_device
from core.db.sales import instalments_of, return_to_stock, set_sale, write_instalments
from core.device import Device
from core.errors import Refused
from core.money import Money
from core.plan import PAYG, ByCount
from core.reschedule import reschedule
from core.sale import LockedSale, SaleState
from core.unit import Unit
from core.usecases.agents.commission import follow_sale
from core.usecases.devices.in_flight import ensure_nothing_in_flight, ensure_nothing_moves
from core.usecases.operators.audit import write_audit
from core.usecases.sales.change_sale import check_first_day, unlock_device, write_new_total
from core.usecases.sales.running_sale import (
    device_of_sale,
    lock_due_plan,
    lock_running,
    lock_running_plan,
    notify_buyer,
    open_minor,
    paid_minor,
    post_sale_change,
)
from core.usecases.tokens.token_orders import order_lock
from core.wording.messages import sale_sms


def cancel_sale(unit: Unit, sale_id: int, operator: str, reason: str) -> None:
    """Cancel a running sale, which is a return: the rest is taken off the income.

    The device goes back to stock and is locked, while it is still that customer's. Raises Refused:
    sale_unknown, sale_not_open, reason_missing, and as `ensure_nothing_in_flight`.
    """
    _end_and_take_back(unit, sale_id, "cancelled", operator, reason)


def repossess_sale(unit: Unit, sale_id: int, operator: str, reason: str) -> None:
    """End a running sale whose device was taken back from a customer who did not pay.

    The rest is a bad debt. The device goes back to stock and is locked. Raises Refused:
    sale_without_device, and as `cancel_sale`.
    """
    _end_and_take_back(unit, sale_id, "repossessed", operator, reason)


_TAKEN_BACK = {"cancelled": "income:sales", "repossessed": "expense:bad_debt"}


def _end_and_take_back(
    unit: Unit,
    sale_id: int,
    state: Literal["cancelled", "repossessed"],
    operator: str,
    reason: str,
) -> None:
    sale = lock_running(unit, sale_id)
    device = device_of_sale(unit, sale)
    if device is None and state == "repossessed":
        raise Refused("sale_without_device")
    _check_nothing_in_flight(unit, sale, device)
    left_minor = _end_sale(unit, sale, state, _TAKEN_BACK[state])
    if device is not None:
        return_to_stock(unit.connection, device.id, unit.now)
        order_lock(unit, get_device(unit.connection, device.id), operator, reason)
    text = sale_sms.cancelled if state == "cancelled" else sale_sms.repossessed
    notify_buyer(unit, sale, text(appliance=sale.appliance, operator=unit.market.operator))
    action = "cancel" if state == "cancelled" else "repossess"
    write_audit(unit, operator, action, "sale", sale.id, reason, open_minor=left_minor)


def settle_sale(unit: Unit, sale_id: int, operator: str, reason: str) -> None:
    """End a running sale at what is paid: the rest is forgiven, and the device is unlocked.

    Raises Refused: sale_unknown, sale_not_open, sale_without_plan, reason_missing, and as
    `ensure_nothing_in_flight`.
    """
    sale = lock_running_plan(unit, sale_id)
    _check_nothing_in_flight(unit, sale, device_of_sale(unit, sale))
    left_minor = _end_sale(unit, sale, "settled", "expense:discount")
    unlock_device(unit, sale, operator, reason)
    message = sale_sms.settled(appliance=sale.appliance, operator=unit.market.operator)
    notify_buyer(unit, sale, message)
    write_audit(unit, operator, "settle", "sale", sale.id, reason, forgiven_minor=left_minor)


def agree_rest(
    unit: Unit, sale_id: int, rest: Money, due_on: date | None, operator: str, reason: str
) -> None:
    """Let a running sale end with one last payment of `rest`, due on that day or today.

    What is left above it is forgiven at once. When the rest is paid the sale is complete and the
    device is unlocked, as by any last instalment. Raises Refused: sale_unknown, sale_not_open,
    sale_paused, sale_without_plan, rest_too_large, plan_total, plan_reversed_part, plan_first_day,
    reason_missing.
    """
    sale = lock_due_plan(unit, sale_id)
    ensure_nothing_moves(unit, sale.customer_id)
    due_on = due_on or unit.today
    check_first_day(unit, due_on)
    before = instalments_of(unit.connection, sale.id)
    forgiven_minor = open_minor(before) - rest.minor
    if forgiven_minor <= 0 or not rest:
        raise Refused("rest_too_large", left=Money(open_minor(before), rest.currency))
    plan = write_new_total(unit, sale, sale.total_minor - forgiven_minor)
    if any(not part.is_fixed for part in plan):
        cash_unit_minor = min(unit.market.cash_unit_minor, rest.minor)
        is_payg = sale.device_kind in PAYG
        plan = reschedule(
            plan, ByCount(1), sale.cadence, due_on, cash_unit_minor, days_bought=is_payg
        )
        write_instalments(unit.connection, sale.id, plan)
    post_sale_change(unit, sale, "discounted", "expense:discount", -forgiven_minor)
    message = sale_sms.rest_agreed(
        appliance=sale.appliance, rest=rest, on=due_on, operator=unit.market.operator
    )
    notify_buyer(unit, sale, message)
    write_audit(
        unit, operator, "agree_rest", "sale", sale.id, reason, rest_minor=rest.minor,
        forgiven_minor=forgiven_minor,
    )  # fmt: skip


def write_off_sale(unit: Unit, sale_id: int, operator: str, reason: str) -> None:
    """Give up what is left to pay of a running sale: the receivable becomes a loss.

    The device stays with the customer. Money that comes for it later is a recovery. Raises Refused:
    sale_unknown, sale_not_open, sale_without_plan, reason_missing, and as
    `ensure_nothing_in_flight`.
    """
    sale = lock_running_plan(unit, sale_id)
    _check_nothing_in_flight(unit, sale, device_of_sale(unit, sale))
    left_minor = _end_sale(unit, sale, "written_off", "expense:bad_debt")
    set_sale(unit.connection, sale.id, written_off_minor=left_minor)
    message = sale_sms.written_off(appliance=sale.appliance, operator=unit.market.operator)
    notify_buyer(unit, sale, message)
    write_audit(unit, operator, "write_off", "sale", sale.id, reason, loss_minor=left_minor)


def _check_nothing_in_flight(unit: Unit, sale: LockedSale, device: Device | None) -> None:
    ensure_nothing_moves(unit, sale.customer_id)
    if device is not None:
        ensure_nothing_in_flight(unit, device.id, device.serial)


def _end_sale(unit: Unit, sale: LockedSale, state: SaleState, against: str) -> int:
    """Post what is no longer owed, and set the state; returns the amount."""
    plan = instalments_of(unit.connection, sale.id)
    left_minor = open_minor(plan)
    kind = "settled_early" if state == "settled" else state
    post_sale_change(unit, sale, kind, against, -left_minor)
    set_sale(unit.connection, sale.id, state=state, paused_on=None)
    follow_sale(unit, sale, paid_minor(plan))
    return left_minor

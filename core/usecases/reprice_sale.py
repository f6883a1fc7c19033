"""An operator gives a sale a new price: what is paid stays paid, the rest is spread anew.

The customer is told by text what is left to pay, as after every change of a sale.
"""

from __future__ import annotations

from core.db.ledger import CREDIT, DEBIT, Entry, Posting, post_entries
from core.db.plans import LockedSale, lock_sale, parts_of, set_sale, write_parts
from core.errors import BrokenInvariant, Refused
from core.plan import PAYG
from core.replan import Part, reprice
from core.unit import Unit
from core.usecases.audit import write_audit
from core.usecases.tell_buyer import tell_new_plan


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
    post_entries(unit.connection, unit.now, [Entry(kind, event, legs)])

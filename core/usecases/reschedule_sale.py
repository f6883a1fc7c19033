"""An operator gives a sale other instalments for what is untouched: the price stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from core.db.plans import LockedSale, parts_of, set_sale, write_parts
from core.errors import BrokenInvariant, Refused
from core.plan import PAYG, step_on
from core.replan import Part, reschedule
from core.unit import Unit
from core.usecases.audit import write_audit
from core.usecases.reprice_sale import open_plan
from core.usecases.tell_buyer import tell_new_plan

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

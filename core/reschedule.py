"""Changes of a payment plan after the sale: a new price, or new instalments for what is open.

What is paid stays paid. Instalments that payments were booked on, and the down payment, keep their
place; only the others are replaced, so that no customer loses days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from core.errors import BrokenInvariant, Refused
from core.money import split
from core.plan import (
    CADENCE_DAYS,
    ByAmount,
    ByCount,
    Cadence,
    Instalment,
    days_given,
    instalment_amounts,
    step_on,
)


def reprice(
    plan: Sequence[Instalment],
    new_total_minor: int,
    cadence: Cadence,
    cash_unit_minor: int,
    sold_on: date,
) -> list[Instalment]:
    """Return the plan at a new total: what is open is spread over the instalments not yet touched.

    They get equal amounts and the last takes the remainder. 5 x 200 unpaid, 1000 -> 1500: 5 x 300.
    First paid, second 50 open, 1000 -> 1500: 366, 366, 368 after those two.
    Raises Refused: plan_below_paid; plan_total; plan_reversed_part (too little for an instalment
    that payments were booked on and reversed).
    """
    if new_total_minor <= 0 or new_total_minor % cash_unit_minor:
        raise Refused("plan_total", total_minor=new_total_minor)
    rest = new_total_minor - sum(instalment.paid_minor for instalment in plan)
    if rest < 0:
        raise Refused("plan_below_paid", paid_minor=new_total_minor - rest)
    fixed, rest = _keep_fixed([instalment for instalment in plan if instalment.is_fixed], rest)
    places = [instalment for instalment in plan if not instalment.is_fixed]
    if rest and not places:
        places = [_after(plan, cadence, sold_on)]
    # Credit pays in any amount, so what is left may be less than a coin: then it is one instalment.
    count = min(len(places), rest // cash_unit_minor or 1)
    amounts = split(rest, count, min(cash_unit_minor, rest)) if rest else []
    spread = [
        replace(place, amount_minor=amount)
        for place, amount in zip(places, amounts, strict=False)
    ]  # fmt: skip
    return _in_order(fixed + spread)


def _keep_fixed(fixed: Sequence[Instalment], rest: int) -> tuple[list[Instalment], int]:
    """Return the instalments that stay, and how much is left for the others.

    Where the new total does not cover what is open on an instalment, it ends at what was paid on
    it, with the days that has bought. The little that is left becomes an instalment of its own.
    """
    kept = []
    for instalment in fixed:
        if instalment.open_minor <= rest:
            kept.append(instalment)
            rest -= instalment.open_minor
        elif instalment.paid_minor:
            paid_minor = instalment.paid_minor
            days = days_given(instalment.amount_minor, paid_minor, instalment.days)
            kept.append(replace(instalment, amount_minor=paid_minor, days=days))
        elif instalment.is_touched:
            raise Refused("plan_reversed_part")
        elif rest:
            kept.append(replace(instalment, amount_minor=rest))
            rest = 0
    return kept, rest


def _after(plan: Sequence[Instalment], cadence: Cadence, sold_on: date) -> Instalment:
    """Return a further instalment of nothing, one cadence after the last."""
    last = max(plan, key=lambda instalment: instalment.number)
    days = CADENCE_DAYS[cadence] if any(instalment.days for instalment in plan) else 0
    return Instalment(last.number + 1, _day_after(plan, last, cadence, sold_on), 0, days)


def _day_after(
    plan: Sequence[Instalment], last: Instalment, cadence: Cadence, sold_on: date
) -> date:
    """Return the due day after the last one, counted from the day that the plan is anchored on.

    A month's last day may stand for a later one: 31 Jan, 28 Feb, 31 Mar. The anchor is the earliest
    day, the day of sale included, from which whole cadences lead to the last due day.
    """
    days = {0: sold_on} | {part.number: part.due_on for part in plan if part.number}
    for number, day in sorted(days.items()):
        steps = last.number - number
        if step_on(day, cadence, steps) == last.due_on:
            return step_on(day, cadence, steps + 1)
    raise BrokenInvariant("no step leads from an instalment to itself")


def reschedule(
    plan: Sequence[Instalment],
    schedule: ByCount | ByAmount,
    cadence: Cadence,
    first_due_on: date,
    cash_unit_minor: int,
    *,
    days_bought: bool,
) -> list[Instalment]:
    """Return the plan with the instalments not yet touched replaced by that schedule.

    `days_bought`: whether instalments buy days of use. Raises Refused: plan_nothing_untouched;
    plan_count, plan_instalment_small and plan_instalment_large as for a new plan.
    """
    open_minor = sum(instalment.open_minor for instalment in plan if not instalment.is_fixed)
    if not open_minor:
        raise Refused("plan_nothing_untouched")
    amounts = instalment_amounts(schedule, open_minor, cash_unit_minor)
    fixed = [instalment for instalment in plan if instalment.is_fixed]
    start = max((instalment.number for instalment in fixed), default=0) + 1
    days = CADENCE_DAYS[cadence] if days_bought else 0
    replacing = [
        Instalment(start + place, step_on(first_due_on, cadence, place), amount, days)
        for place, amount in enumerate(amounts)
    ]
    return _in_order(fixed + replacing)


def _in_order(plan: Sequence[Instalment]) -> list[Instalment]:
    return sorted(plan, key=lambda instalment: instalment.number)

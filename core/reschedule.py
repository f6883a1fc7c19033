"""Plans that change after the sale: a new price, or a new number, size or cadence of instalments.

What is paid stays paid. An instalment that money has touched, and the down payment, stay as they
are; only untouched instalments are made anew, so nobody's days are ever taken back (domain 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from core.errors import Refused
from core.money import split
from core.plan import CADENCE_DAYS, cost_based, count_based, days_given, step_on


@dataclass(frozen=True, slots=True)
class Part:
    """An instalment as it stands. `touched`: money was booked on it, taken back since or not.

    `number` 0 is the down payment; `days` is what the whole part buys.
    """

    number: int
    due_on: date
    amount_minor: int
    paid_minor: int
    days: int
    touched: bool = False

    @property
    def open_minor(self) -> int:
        return self.amount_minor - self.paid_minor

    @property
    def stays(self) -> bool:
        return self.touched or self.paid_minor > 0 or self.number == 0


def reprice(
    parts: Sequence[Part], new_total_minor: int, cadence: str, cash_unit_minor: int
) -> list[Part]:
    """The plan at a new total: the difference falls on the untouched instalments, alike, the last
    one taking the remainder.

    5 x 200 unpaid, 1000 -> 1500: 5 x 300. First paid, second 50 left: 366, 366, 368 after the two.
    Raises Refused: plan_below_paid; plan_total; plan_reversed_part (too little for an instalment
    that payments were booked on and taken back from).
    """
    if new_total_minor <= 0 or new_total_minor % cash_unit_minor:
        raise Refused("plan_total", total_minor=new_total_minor)
    rest = new_total_minor - sum(part.paid_minor for part in parts)
    if rest < 0:
        raise Refused("plan_below_paid", paid_minor=new_total_minor - rest)
    kept, rest = _keep([part for part in parts if part.stays], rest)
    places = [part for part in parts if not part.stays]
    if rest and not places:
        places = [_after(parts, cadence)]
    # Credit pays in any amount, so that what is left may be less than a coin: then it is one part.
    count = min(len(places), rest // cash_unit_minor or 1)
    amounts = split(rest, count, min(cash_unit_minor, rest)) if rest else []
    new = [
        replace(place, amount_minor=amount)
        for place, amount in zip(places, amounts, strict=False)
    ]  # fmt: skip
    return _in_order(kept + new)


def _keep(staying: Sequence[Part], rest: int) -> tuple[list[Part], int]:
    """The parts that stay, and what is left for the others.

    Where the new total does not cover what is open on a part, it ends at what was paid on it, with
    the days that has bought; the little that is left is asked for in a part of its own.
    """
    kept = []
    for part in staying:
        if part.open_minor <= rest:
            kept.append(part)
            rest -= part.open_minor
        elif part.paid_minor:
            given = days_given(part.amount_minor, part.paid_minor, part.days)
            kept.append(replace(part, amount_minor=part.paid_minor, days=given))
        elif part.touched:
            raise Refused("plan_reversed_part")
        elif rest:
            kept.append(replace(part, amount_minor=rest))
            rest = 0
    return kept, rest


def _after(parts: Sequence[Part], cadence: str) -> Part:
    """A further instalment, one cadence after the last."""
    last = max(parts, key=lambda part: part.number)
    days = CADENCE_DAYS[cadence] if any(part.days for part in parts) else 0
    return Part(last.number + 1, step_on(last.due_on, cadence, 1), 0, 0, days)


def reschedule(
    parts: Sequence[Part],
    cadence: str,
    first_due_on: date,
    cash_unit_minor: int,
    *,
    days_bought: bool,
    count: int | None = None,
    instalment_minor: int | None = None,
) -> list[Part]:
    """The untouched instalments replaced by `count` new ones, or by ones of `instalment_minor`.

    Raises Refused("plan_nothing_untouched"), and plan_* as for a new plan.
    """
    open_minor = sum(part.open_minor for part in parts if not part.stays)
    if not open_minor:
        raise Refused("plan_nothing_untouched")
    if count is not None:
        amounts = count_based(open_minor, count, cash_unit_minor)
    elif instalment_minor is not None:
        amounts = cost_based(open_minor, instalment_minor, cash_unit_minor)
    else:
        raise Refused("plan_scheme")
    kept = [part for part in parts if part.stays]
    start = max((part.number for part in kept), default=0) + 1
    days = CADENCE_DAYS[cadence] if days_bought else 0
    new = [
        Part(start + place, step_on(first_due_on, cadence, place), amount, 0, days)
        for place, amount in enumerate(amounts)
    ]
    return _in_order(kept + new)


def _in_order(parts: Sequence[Part]) -> list[Part]:
    return sorted(parts, key=lambda part: part.number)

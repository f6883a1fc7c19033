"""Payment plans: how a price becomes instalments, when each is due and what it buys.

Two schemes (domain 3): count-based (how many) and cost-based (how much each). Every instalment is a
multiple of the cash unit and the last one takes the remainder, so the parts sum to the whole.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from core.errors import Refused
from core.money import split

# How a sale is paid: a number of instalments, an amount each time, or by the day without end.
Scheme = Literal["count", "amount", "service"]
Cadence = Literal["daily", "weekly", "monthly"]

MOST_INSTALMENTS = 520
# The kinds of device that work by the day: an instalment buys days, the last one unlocks.
PAYG = ("shs", "e_bike")
CADENCE_DAYS = {"daily": 1, "weekly": 7, "monthly": 30}


@dataclass(frozen=True, slots=True)
class Instalment:
    """One part of a plan. `number` 0 is the down payment; `days` is what the whole part buys."""

    number: int
    due_on: date
    amount_minor: int
    days: int


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """What was agreed at a sale. Give `count` or `instalment_minor`, by scheme.

    `days_bought`: whether instalments buy days of use (PAYG devices) or only pay a debt off.
    """

    total_minor: int
    down_payment_minor: int
    cadence: str
    sold_on: date
    first_due_on: date | None = None
    count: int | None = None
    instalment_minor: int | None = None
    initial_days: int = 0
    days_bought: bool = False


def make_plan(terms: PlanTerms, cash_unit_minor: int) -> list[Instalment]:
    """The instalments of a sale, the down payment first. Raises Refused with the reason."""
    if terms.total_minor <= 0 or terms.total_minor % cash_unit_minor:
        raise Refused("plan_total", total_minor=terms.total_minor)
    if terms.first_due_on is not None and terms.first_due_on < terms.sold_on:
        raise Refused("plan_first_due")
    if terms.down_payment_minor > terms.total_minor or terms.down_payment_minor % cash_unit_minor:
        raise Refused("plan_down_payment", down_payment_minor=terms.down_payment_minor)
    down = []
    if terms.down_payment_minor:
        days = terms.initial_days if terms.days_bought else 0
        down = [Instalment(0, terms.sold_on, terms.down_payment_minor, days)]
    days = CADENCE_DAYS[terms.cadence] if terms.days_bought else 0
    return down + [
        Instalment(number, _due_on(terms, number), amount, days)
        for number, amount in enumerate(_amounts(terms, cash_unit_minor), start=1)
    ]


def _amounts(terms: PlanTerms, cash_unit_minor: int) -> list[int]:
    financed = terms.total_minor - terms.down_payment_minor
    if not financed:
        return []
    if terms.count is not None:
        return count_based(financed, terms.count, cash_unit_minor)
    if terms.instalment_minor is None:
        raise Refused("plan_scheme")
    return cost_based(financed, terms.instalment_minor, cash_unit_minor)


def count_based(financed_minor: int, count: int, cash_unit_minor: int) -> list[int]:
    """1000 in 3 -> 333, 333, 334. Raises Refused when there are too many or too small parts."""
    if not 1 <= count <= MOST_INSTALMENTS:
        raise Refused("plan_count", most=MOST_INSTALMENTS)
    if financed_minor < count * cash_unit_minor:
        raise Refused("plan_instalment_small", cash_unit_minor=cash_unit_minor)
    return split(financed_minor, count, cash_unit_minor)


def cost_based(financed_minor: int, instalment_minor: int, cash_unit_minor: int) -> list[int]:
    """1000 at 300 -> 300, 300, 300, 100: the amount asked for is kept, only the last is short."""
    if instalment_minor < cash_unit_minor or instalment_minor % cash_unit_minor:
        raise Refused("plan_instalment_small", cash_unit_minor=cash_unit_minor)
    if instalment_minor > financed_minor:
        raise Refused("plan_instalment_large", financed_minor=financed_minor)
    full, rest = divmod(financed_minor, instalment_minor)
    amounts = [instalment_minor] * full + ([rest] if rest else [])
    if len(amounts) > MOST_INSTALMENTS:
        raise Refused("plan_count", most=MOST_INSTALMENTS)
    return amounts


def _due_on(terms: PlanTerms, number: int) -> date:
    """The first instalment is due on `first_due_on`, by default one cadence after the sale."""
    if terms.first_due_on is None:
        return step_on(terms.sold_on, terms.cadence, number)
    return step_on(terms.first_due_on, terms.cadence, number - 1)


def step_on(anchor_on: date, cadence: str, steps: int) -> date:
    """`steps` cadences after the anchor. Months keep its day and clamp: 31 Jan, 28 Feb, 31 Mar."""
    if cadence != "monthly":
        return anchor_on + timedelta(days=CADENCE_DAYS[cadence] * steps)
    year, month = divmod(anchor_on.year * 12 + anchor_on.month - 1 + steps, 12)
    last_day = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(anchor_on.day, last_day))


def days_given(amount_minor: int, paid_minor: int, days: int) -> int:
    """Days an instalment has bought so far: floor(paid x days / amount), without drift."""
    return paid_minor * days // amount_minor

"""Payment plans: how a price becomes instalments, when each is due and what it buys.

Count-based plans say how many instalments there are, cost-based plans how much each is.
Every instalment is a multiple of the cash unit and the last one takes the remainder, so the
instalments sum to the whole. An appliance can also be used by the day, without instalments.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar, Literal, get_args

from core.appliance import Appliance
from core.errors import BrokenInvariant, Refused
from core.money import Money, split

MAX_INSTALMENTS = 520
# The kinds of device that work by the day: an instalment buys days, the last one unlocks.
PAYG = ("shs", "e_bike")

Cadence = Literal["daily", "weekly", "monthly"]
CADENCES: tuple[Cadence, ...] = get_args(Cadence)
CADENCE_DAYS: dict[Cadence, int] = {"daily": 1, "weekly": 7, "monthly": 30}


def as_cadence(word: str) -> Cadence:
    """Return the cadence with that name. Raises BrokenInvariant for any other word."""
    for cadence in CADENCES:
        if cadence == word:
            return cadence
    raise BrokenInvariant(f"{word!r} is no cadence")


# What the database and the import files call the three schedules.
Scheme = Literal["count", "amount", "service"]
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)


@dataclass(frozen=True, slots=True)
class ByCount:
    """A number of equal instalments. 0 only where the down payment is the whole price."""

    scheme: ClassVar[Scheme] = "count"
    count: int


@dataclass(frozen=True, slots=True)
class ByAmount:
    """Instalments of this amount; the last one may be smaller."""

    scheme: ClassVar[Scheme] = "amount"
    amount: Money


@dataclass(frozen=True, slots=True)
class ByDay:
    """Use by the day (energy as a service): no instalments and no down payment."""

    scheme: ClassVar[Scheme] = "service"


Schedule = ByCount | ByAmount | ByDay


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """What is agreed when an appliance is sold. `appliance` is its code.

    The down payment is due on the day of sale; zero for none.
    """

    appliance: str
    schedule: Schedule
    cadence: Cadence
    down_payment: Money

    @staticmethod
    def by_day(appliance: str, currency: str) -> PlanTerms:
        """Return the terms of using an appliance by the day."""
        return PlanTerms(appliance, ByDay(), "daily", Money(0, currency))


@dataclass(frozen=True, slots=True)
class Instalment:
    """One instalment of a plan; number 0 is the down payment.

    `days`: what it buys on a device that works by the day. `is_touched`: a payment was booked on
    it, and perhaps reversed since.
    """

    number: int
    due_on: date
    amount_minor: int
    days: int
    paid_minor: int = 0
    is_touched: bool = False

    @property
    def open_minor(self) -> int:
        """What is left to pay of it."""
        return self.amount_minor - self.paid_minor

    @property
    def is_fixed(self) -> bool:
        """Whether it keeps its amount and date when the plan changes."""
        return self.is_touched or self.paid_minor > 0 or self.number == 0


def make_plan(
    terms: PlanTerms,
    item: Appliance,
    sold_on: date,
    cash_unit_minor: int,
    *,
    total_minor: int | None = None,
    first_due_on: date | None = None,
) -> list[Instalment]:
    """Return the instalments of a sale, the down payment first; none for use by the day.

    `total_minor` is the price of the appliance unless given. The first instalment is due on
    `first_due_on`, or else one cadence after the sale. Raises Refused: plan_total, plan_first_due,
    plan_down_payment, plan_count, plan_instalment_small, plan_instalment_large.
    """
    if isinstance(terms.schedule, ByDay):
        return []
    total_minor = item.price_minor if total_minor is None else total_minor
    if total_minor <= 0 or total_minor % cash_unit_minor:
        raise Refused("plan_total", total_minor=total_minor)
    if first_due_on is not None and first_due_on < sold_on:
        raise Refused("plan_first_due")
    down_minor = terms.down_payment.minor
    if down_minor > total_minor or down_minor % cash_unit_minor:
        raise Refused("plan_down_payment", down_payment_minor=down_minor)
    buys_days = item.kind in PAYG
    down = [Instalment(0, sold_on, down_minor, item.initial_days if buys_days else 0)]
    days = CADENCE_DAYS[terms.cadence] if buys_days else 0
    amounts = instalment_amounts(terms.schedule, total_minor - down_minor, cash_unit_minor)
    financed = [
        Instalment(number, _due_on(terms.cadence, sold_on, first_due_on, number), amount, days)
        for number, amount in enumerate(amounts, start=1)
    ]
    return down + financed if down_minor else financed


def instalment_amounts(
    schedule: ByCount | ByAmount, financed_minor: int, cash_unit_minor: int
) -> list[int]:
    """Return the instalments that sum to `financed_minor`; none where nothing is financed.

    Raises Refused: plan_count, plan_instalment_small, plan_instalment_large.
    """
    if not financed_minor:
        return []
    match schedule:
        case ByCount(count):
            return count_based(financed_minor, count, cash_unit_minor)
        case ByAmount(amount):
            return cost_based(financed_minor, amount.minor, cash_unit_minor)


def count_based(financed_minor: int, count: int, cash_unit_minor: int) -> list[int]:
    """Return `count` instalments: 1000 in 3 is 333, 333, 334.

    Raises Refused: plan_count, plan_instalment_small.
    """
    if not 1 <= count <= MAX_INSTALMENTS:
        raise Refused("plan_count", most=MAX_INSTALMENTS)
    if financed_minor < count * cash_unit_minor:
        raise Refused("plan_instalment_small", cash_unit_minor=cash_unit_minor)
    return split(financed_minor, count, cash_unit_minor)


def cost_based(financed_minor: int, instalment_minor: int, cash_unit_minor: int) -> list[int]:
    """Return instalments of `instalment_minor`, the last one short: 1000 at 300 is 300, 300, 300,
    100.

    Raises Refused: plan_instalment_small, plan_instalment_large, plan_count.
    """
    if instalment_minor < cash_unit_minor or instalment_minor % cash_unit_minor:
        raise Refused("plan_instalment_small", cash_unit_minor=cash_unit_minor)
    if instalment_minor > financed_minor:
        raise Refused("plan_instalment_large", financed_minor=financed_minor)
    full, rest = divmod(financed_minor, instalment_minor)
    amounts = [instalment_minor] * full + ([rest] if rest else [])
    if len(amounts) > MAX_INSTALMENTS:
        raise Refused("plan_count", most=MAX_INSTALMENTS)
    return amounts


def _due_on(cadence: Cadence, sold_on: date, first_due_on: date | None, number: int) -> date:
    if first_due_on is None:
        return step_on(sold_on, cadence, number)
    return step_on(first_due_on, cadence, number - 1)


def step_on(anchor_on: date, cadence: Cadence, steps: int) -> date:
    """Return the date `steps` cadences after the anchor.

    Months keep the day of the anchor, or take their last day: 31 Jan, 28 Feb, 31 Mar.
    """
    if cadence != "monthly":
        return anchor_on + timedelta(days=CADENCE_DAYS[cadence] * steps)
    year, month = divmod(anchor_on.year * 12 + anchor_on.month - 1 + steps, 12)
    last_day = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(anchor_on.day, last_day))


def days_given(amount_minor: int, paid_minor: int, days: int) -> int:
    """Return the days an instalment has bought so far: floor(paid x days / amount)."""
    return paid_minor * days // amount_minor

"""What a payment does: debts first, then the device that was paid for, then credit.

The order of debts and device is the operator's to choose, from a day on; clawbacks come before all.

Pure: it is told what is owed and says how the money falls. The same function answers "what will my
money do" on a screen and decides it when the money has come.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, get_args

from core.errors import BrokenInvariant
from core.plan import days_given
from core.tariff import TariffVersion, energy_cost, energy_for

PLAN_PARTS = ("down_payment", "instalment")
# The due day of what falls due on no day: the instalments of a paused sale.
NOT_DUE = date.max


@dataclass(slots=True)
class Obligation:
    """Something a customer owes. `paid_minor` grows as payments are applied in turn.

    `id` is the row's (None for a fee that is due but not written yet); `days` is what the whole of
    it buys on `device_id`, 0 where it buys none, and `days_given` what it gave so far, also for
    money that was taken back since.

    `sold_at` is the instant of its sale where applying a payment must know it: an earlier payment
    does not pay it.

    A `recovery` is what may still be paid for a sale that was written off: `id` is the sale's. It
    is not owed, and paying the whole of it frees `device_id`.
    """

    kind: str
    id: int | None
    due_on: date
    amount_minor: int
    paid_minor: int = 0
    sale_id: int | None = None
    number: int = 0
    device_id: int | None = None
    days: int = 0
    days_given: int = 0
    sold_at: datetime | None = None

    @property
    def open_minor(self) -> int:
        return self.amount_minor - self.paid_minor

    def copy(self) -> Obligation:
        """The same, to try out what money does."""
        return Obligation(
            self.kind,
            self.id,
            self.due_on,
            self.amount_minor,
            self.paid_minor,
            self.sale_id,
            self.number,
            self.device_id,
            self.days,
            self.days_given,
            self.sold_at,
        )


Step = Literal["arrears", "access_rate", "device"]
STEPS: tuple[Step, ...] = get_args(Step)
_ALL_OF_IT = 100


@dataclass(frozen=True, slots=True)
class Waterfall:
    """In which order money falls, in force from `valid_from` until the next version's day.

    `steps`: arrears are the down payments and instalments that are due; each step is there once.
    `lifeline_percent`: debts get at most so much of a payment for a meter, so that who pays for
    energy has light; None, or 100, for no bound.
    """

    valid_from: date
    steps: tuple[Step, ...] = STEPS
    lifeline_percent: int | None = None

    @property
    def credit_is_for_arrears(self) -> bool:
        """Whether credit goes to arrears before all but clawbacks, whatever device is paid for."""
        return self.steps[0] == "arrears" and self.lifeline_percent in (None, _ALL_OF_IT)

    def most_for_debts(self, money_minor: int, left_minor: int) -> int:
        """Return how much of `left_minor` may go to debts: the share of the payment, rounded down
        to the minor unit. Credit from earlier payments is not shared again."""
        if self.lifeline_percent in (None, _ALL_OF_IT):
            return left_minor
        return money_minor * self.lifeline_percent // 100


DEFAULT_WATERFALL = Waterfall(date.min)


def waterfall_on(versions: Sequence[Waterfall], on: date) -> Waterfall:
    """Return the one in force on that day, of versions ordered by date; the default before the
    first."""
    in_force = (version for version in reversed(versions) if version.valid_from <= on)
    return next(in_force, DEFAULT_WATERFALL)


def _all(units: int) -> int:
    return units


@dataclass(frozen=True, slots=True)
class Target:
    """The device paid for: a meter with its tariff, a plan's device, or days as a service.

    `device_id` is None where the customer's account was paid to, which is for loans only.
    `max_per_token` says how much of some tenths of a kWh, or days, one code gives; no more is sold.
    `without_token` are the devices for which no code can be made: nothing is bought for them.
    """

    device_id: int | None
    tariff: TariffVersion | None = None
    plan_sale_id: int | None = None
    price_per_day_minor: int | None = None
    minimum_payment_minor: int = 0
    max_per_token: Callable[[int], int] = _all
    without_token: Collection[int] = ()

    @property
    def sells(self) -> bool:
        """Whether energy, days or instalments of a running plan are paid for it."""
        return bool(self.tariff or self.plan_sale_id or self.price_per_day_minor)


@dataclass(frozen=True, slots=True)
class Line:
    """Where a part of the money went."""

    kind: str
    amount_minor: int
    obligation: Obligation | None = None
    device_id: int | None = None


@dataclass(slots=True)
class Outcome:
    """What one payment did. Lines sum to the payment plus the credit used, always.

    `days` are by device; `freed` are the devices whose plan is complete: they get no more days but
    run for good.
    """

    lines: list[Line] = field(default_factory=list)
    credit_used_minor: int = 0
    credit_minor: int = 0
    energy_tenths: int = 0
    days: dict[int, int] = field(default_factory=dict)
    completed_sales: list[int] = field(default_factory=list)
    unlocked_devices: list[int] = field(default_factory=list)


def apply_money(
    money_minor: int,
    credit_minor: int,
    owed: Sequence[Obligation],
    target: Target,
    on: date,
    *,
    loan_only: bool = False,
    waterfall: Waterfall = DEFAULT_WATERFALL,
) -> Outcome:
    """Let `money_minor` plus the customer's credit fall; pays `owed` in place.

    `on`: the day of the payment. What falls due later is no debt yet, however late it is applied;
    only a clawback always is, also for older money that a person matched or released since.
    `owed` holds all open obligations of the customer, ordered by due date, then oldest sale.

    What is owed for money that was taken back comes first, then the steps of the waterfall. Its
    lifeline bounds what all debts together get of money for a meter, unless the payer means the
    loan or the meter can get no code.
    """
    fall = _Fall(money_minor + credit_minor, money_minor + credit_minor)
    buys_energy = target.tariff is not None and target.device_id not in target.without_token
    if buys_energy and not loan_only:
        fall.for_debts = waterfall.most_for_debts(money_minor, fall.left)
    due = [debt for debt in owed if debt.due_on <= on]
    fall.pay(debt for debt in owed if debt.kind == "clawback")
    for step in waterfall.steps:
        match step:
            case "arrears":
                fall.pay(debt for debt in due if debt.kind in PLAN_PARTS)
            case "access_rate":
                fall.pay(debt for debt in due if debt.kind == "access_rate")
            case "device":
                _serve_target(fall, owed, target, loan_only=loan_only)
    _recover(fall, owed, target, loan_only=loan_only)
    outcome = fall.outcome
    outcome.credit_used_minor, outcome.credit_minor = credit_minor, fall.left
    if fall.left:
        outcome.lines.append(Line("credit", fall.left))
    _complete(outcome, owed)
    _give_days(outcome)
    if sum(line.amount_minor for line in outcome.lines) != money_minor + credit_minor:
        raise BrokenInvariant("the lines of a payment do not sum to the money")
    return outcome


@dataclass(slots=True)
class _Fall:
    """Money on its way down: what is left of it, and how much of that debts may still get."""

    left: int
    for_debts: int
    outcome: Outcome = field(default_factory=Outcome)

    def pay(self, owed: Iterable[Obligation]) -> None:
        """Pay obligations in order while money lasts."""
        for obligation in owed:
            amount = min(self.left, self.for_debts, obligation.open_minor)
            if not amount:
                continue
            obligation.paid_minor += amount
            self.left -= amount
            self.for_debts -= amount
            line = Line(obligation.kind, amount, obligation, obligation.device_id)
            self.outcome.lines.append(line)

    def sell(self, kind: str, cost: int, device_id: int | None) -> None:
        """Spend `cost` on energy or days of a device."""
        if cost:
            self.outcome.lines.append(Line(kind, cost, device_id=device_id))
            self.left -= cost


def _serve_target(
    fall: _Fall, owed: Sequence[Obligation], target: Target, *, loan_only: bool
) -> None:
    """What is left serves the device, or the next instalments where the loan is meant."""
    parts = [part for part in owed if part.kind in PLAN_PARTS]
    if loan_only:
        fall.pay(part for part in parts if part.device_id not in target.without_token)
    elif target.device_id in target.without_token:
        return
    elif target.plan_sale_id is not None:
        fall.pay(part for part in parts if part.sale_id == target.plan_sale_id)
    elif target.tariff is not None:
        tenths = target.max_per_token(energy_for(fall.left, target.tariff)[0])
        fall.outcome.energy_tenths = tenths
        fall.sell("energy", energy_cost(tenths, target.tariff), target.device_id)
    elif target.price_per_day_minor and fall.left >= target.minimum_payment_minor:
        days = target.max_per_token(fall.left // target.price_per_day_minor)
        _add_days(fall.outcome, target.device_id, days)
        fall.sell("days", days * target.price_per_day_minor, target.device_id)


def _recover(fall: _Fall, owed: Sequence[Obligation], target: Target, *, loan_only: bool) -> None:
    """What was written off gets money meant for loans, or for a device that needs no other.

    A device that is recovered in full runs for good.
    """
    wanted = [
        debt
        for debt in owed
        if debt.kind == "recovery"
        and debt.device_id not in target.without_token
        and (loan_only or (debt.device_id == target.device_id and not target.sells))
    ]
    fall.pay(wanted)
    fall.outcome.unlocked_devices += [
        recovery.device_id
        for recovery in wanted
        if recovery.device_id is not None and not recovery.open_minor
    ]


def _add_days(outcome: Outcome, device_id: int | None, days: int) -> None:
    if days and device_id is not None:
        outcome.days[device_id] = outcome.days.get(device_id, 0) + days


def _complete(outcome: Outcome, owed: Sequence[Obligation]) -> None:
    """Sales whose last open instalment this payment paid, and the devices that frees."""
    open_sales = {part.sale_id for part in owed if part.kind in PLAN_PARTS and part.open_minor}
    for line in outcome.lines:
        sale_id = line.obligation.sale_id if line.obligation else None
        if sale_id is None or sale_id in open_sales or sale_id in outcome.completed_sales:
            continue
        outcome.completed_sales.append(sale_id)
        if line.device_id is not None:
            outcome.unlocked_devices.append(line.device_id)


def _give_days(outcome: Outcome) -> None:
    """Give the days that were paid for and never given before; an unlocked device needs none."""
    for line in outcome.lines:
        part = line.obligation
        if part is None or not part.days or part.device_id in outcome.unlocked_devices:
            continue
        earned = days_given(part.amount_minor, part.paid_minor, part.days)
        new = max(0, earned - part.days_given)
        part.days_given += new
        _add_days(outcome, part.device_id, new)

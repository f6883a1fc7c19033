"""What a payment does (domain 4): debts first, then the device that was paid for, then credit.

Pure: it is told what is owed and says how the money falls. The same function answers "what will my
money do" on a screen and decides it when the money has come.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

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
    it buys on `device_id`, 0 where it buys none.

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

    @property
    def open_minor(self) -> int:
        return self.amount_minor - self.paid_minor


def _all(units: int) -> int:
    return units


@dataclass(frozen=True, slots=True)
class Target:
    """The device paid for: a meter with its tariff, a plan's device, or days as a service.

    `max_per_token` says how much of some tenths of a kWh, or days, one code gives; no more is sold.
    `without_token` are the devices for which no code can be made: nothing is bought for them.
    """

    device_id: int
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
) -> Outcome:
    """Let `money_minor` plus the customer's credit fall; pays `owed` in place.

    `on`: the day of the payment. What falls due later is no debt yet, however late it is applied.
    `owed` holds all open obligations of the customer, ordered by due date, then oldest sale.
    """
    outcome = Outcome(credit_used_minor=credit_minor)
    left = money_minor + credit_minor
    plan_parts = [obligation for obligation in owed if obligation.kind in PLAN_PARTS]
    recoveries = [obligation for obligation in owed if obligation.kind == "recovery"]
    left = _pay(outcome, left, (part for part in plan_parts if part.due_on <= on))
    fees = (debt for debt in owed if debt.kind == "access_rate" and debt.due_on <= on)
    left = _pay(outcome, left, fees)
    left = _serve_target(outcome, left, plan_parts, target, loan_only=loan_only)
    left = _recover(outcome, left, recoveries, target, loan_only=loan_only)
    outcome.credit_minor = left
    if left:
        outcome.lines.append(Line("credit", left))
    _complete(outcome, plan_parts)
    if sum(line.amount_minor for line in outcome.lines) != money_minor + credit_minor:
        raise BrokenInvariant("the lines of a payment do not sum to the money")
    return outcome


def _pay(outcome: Outcome, left: int, owed: Iterable[Obligation]) -> int:
    """Pay obligations in order while money lasts; returns what is left."""
    for obligation in owed:
        amount = min(left, obligation.open_minor)
        if not amount:
            continue
        before = days_given(obligation.amount_minor, obligation.paid_minor, obligation.days)
        obligation.paid_minor += amount
        left -= amount
        outcome.lines.append(Line(obligation.kind, amount, obligation, obligation.device_id))
        after = days_given(obligation.amount_minor, obligation.paid_minor, obligation.days)
        _add_days(outcome, obligation.device_id, after - before)
    return left


def _serve_target(
    outcome: Outcome, left: int, plan_parts: list[Obligation], target: Target, *, loan_only: bool
) -> int:
    """Step 4: the remainder serves the device, or the next instalments where the loan is meant."""
    if loan_only:
        ahead = (part for part in plan_parts if part.device_id not in target.without_token)
        return _pay(outcome, left, ahead)
    if target.device_id in target.without_token:
        return left
    if target.plan_sale_id is not None:
        ahead = (part for part in plan_parts if part.sale_id == target.plan_sale_id)
        return _pay(outcome, left, ahead)
    if target.tariff is not None:
        outcome.energy_tenths = target.max_per_token(energy_for(left, target.tariff)[0])
        cost = energy_cost(outcome.energy_tenths, target.tariff)
        return _sell(outcome, "energy", left, cost, target.device_id)
    if target.price_per_day_minor and left >= target.minimum_payment_minor:
        days = target.max_per_token(left // target.price_per_day_minor)
        _add_days(outcome, target.device_id, days)
        return _sell(outcome, "days", left, days * target.price_per_day_minor, target.device_id)
    return left


def _recover(
    outcome: Outcome, left: int, recoveries: list[Obligation], target: Target, *, loan_only: bool
) -> int:
    """What was written off gets money meant for loans, or for a device that needs no other.

    A device that is recovered in full runs for good.
    """
    wanted = [
        recovery
        for recovery in recoveries
        if recovery.device_id not in target.without_token
        and (loan_only or (recovery.device_id == target.device_id and not target.sells))
    ]
    left = _pay(outcome, left, wanted)
    outcome.unlocked_devices += [
        recovery.device_id
        for recovery in wanted
        if recovery.device_id is not None and not recovery.open_minor
    ]
    return left


def _sell(outcome: Outcome, kind: str, left: int, cost: int, device_id: int) -> int:
    if cost:
        outcome.lines.append(Line(kind, cost, device_id=device_id))
    return left - cost


def _add_days(outcome: Outcome, device_id: int | None, days: int) -> None:
    if days and device_id is not None:
        outcome.days[device_id] = outcome.days.get(device_id, 0) + days


def _complete(outcome: Outcome, plan_parts: list[Obligation]) -> None:
    """Sales whose last open instalment this payment paid, and the devices that frees."""
    open_sales = {part.sale_id for part in plan_parts if part.open_minor}
    for line in outcome.lines:
        sale_id = line.obligation.sale_id if line.obligation else None
        if sale_id is None or sale_id in open_sales or sale_id in outcome.completed_sales:
            continue
        outcome.completed_sales.append(sale_id)
        if line.device_id is not None:
            outcome.unlocked_devices.append(line.device_id)
            outcome.days.pop(line.device_id, None)

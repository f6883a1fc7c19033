"""What customers owe and pay for, to try the waterfall with; amounts in whole shillings."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from core.tariff import TariffVersion
from core.waterfall import (
    STEPS,
    Obligation,
    Outcome,
    Step,
    Target,
    Waterfall,
)

TODAY = date(2026, 11, 24)
METER, SHS = 1, 2
LOAN, PLAN = 10, 20


def tariff(**changes: int) -> TariffVersion:
    terms: dict[str, Any] = {"valid_from": date(2026, 1, 1), "price_per_kwh_thousandths": 100_000}
    return TariffVersion(**(terms | changes))


def meter(**changes: int) -> Target:
    return Target(METER, tariff=tariff(**changes))


def instalment(
    amount: int,
    due_in: int = -1,
    *,
    paid: int = 0,
    sale: int = LOAN,
    number: int = 1,
    device: int | None = None,
    days: int = 0,
) -> Obligation:
    due_on = TODAY + timedelta(days=due_in)
    return Obligation(
        "instalment",
        number,
        due_on,
        amount,
        paid,
        sale_id=sale,
        number=number,
        device_id=device,
        days=days,
    )


def weekly(number: int, due_in: int, *, amount: int = 150, paid: int = 0) -> Obligation:
    return instalment(amount, due_in, paid=paid, sale=PLAN, number=number, device=SHS, days=7)


def access(amount: int, due_in: int = -5) -> Obligation:
    return Obligation("access_rate", 1, TODAY + timedelta(days=due_in), amount, device_id=METER)


def claim(amount: int, due_in: int = 0) -> Obligation:
    return Obligation("clawback", 1, TODAY + timedelta(days=due_in), amount)


def order(*steps: Step, lifeline: int | None = None) -> Waterfall:
    return Waterfall(TODAY, steps or STEPS, lifeline)


def lines(outcome: Outcome) -> list[tuple[str, int]]:
    return [(line.kind, line.amount_minor) for line in outcome.lines]

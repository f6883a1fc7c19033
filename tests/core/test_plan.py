"""Payment plans: the worked numbers of the domain, and what holds for every plan."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from core.appliance import Appliance
from core.errors import BrokenInvariant, Refused
from core.money import Money
from core.plan import (
    CADENCES,
    ByAmount,
    ByCount,
    ByDay,
    Cadence,
    Instalment,
    PlanTerms,
    as_cadence,
    cost_based,
    count_based,
    days_given,
    make_plan,
    step_on,
)

SOLD_ON = date(2026, 1, 5)
FIVE = ByCount(5)


def plan(
    schedule: ByCount | ByAmount | ByDay = FIVE,
    down: int = 0,
    cadence: Cadence = "weekly",
    cash_unit: int = 1,
    *,
    kind: str = "other",
    **sold: Any,
) -> list[Instalment]:
    """The plan of an appliance for 1000, with 3 initial days where it works by the day."""
    terms = PlanTerms("it", schedule, cadence, Money(down, "KES"))
    item = Appliance("it", "It", kind, 1000, 3, None, 0)
    return make_plan(terms, item, SOLD_ON, cash_unit, **sold)


def by_amount(minor: int) -> ByAmount:
    return ByAmount(Money(minor, "KES"))


def test_count_based_gives_equal_instalments_and_the_last_takes_the_remainder() -> None:
    assert count_based(1000, 3, 1) == [333, 333, 334]


def test_the_down_payment_comes_first_and_is_due_on_the_day_of_sale() -> None:
    instalments = plan(down=200)

    assert [part.amount_minor for part in instalments] == [200, 160, 160, 160, 160, 160]
    assert (instalments[0].number, instalments[0].due_on) == (0, SOLD_ON)


@pytest.mark.parametrize(
    ("instalment", "expected"),
    [(300, [300, 300, 300, 100]), (400, [400, 400, 200]), (999, [999, 1]), (1000, [1000])],
)
def test_cost_based_keeps_the_amount_asked_for_and_only_the_last_is_short(
    instalment: int, expected: list[int]
) -> None:
    assert cost_based(1000, instalment, 1) == expected


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"schedule": by_amount(1001)}, "plan_instalment_large"),
        ({"schedule": by_amount(0)}, "plan_instalment_small"),
        ({"schedule": by_amount(1), "total_minor": 521}, "plan_count"),
        ({"schedule": ByCount(521), "total_minor": 52100}, "plan_count"),
        ({"schedule": ByCount(0)}, "plan_count"),
        ({"schedule": ByCount(11), "total_minor": 10}, "plan_instalment_small"),
        ({"down": 1001}, "plan_down_payment"),
        ({"total_minor": 0}, "plan_total"),
        ({"first_due_on": date(2000, 1, 1)}, "plan_first_due"),
    ],
)
def test_an_impossible_plan_is_refused_with_the_reason(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        plan(**changes)

    assert refused.value.code == code


def test_use_by_the_day_has_no_instalments() -> None:
    assert plan(ByDay(), kind="shs") == []


def test_a_cadence_is_one_of_three_words() -> None:
    assert [as_cadence(word) for word in CADENCES] == ["daily", "weekly", "monthly"]
    with pytest.raises(BrokenInvariant, match="yearly"):
        as_cadence("yearly")


def test_instalments_fall_due_one_cadence_after_the_sale_and_then_a_cadence_later_each() -> None:
    assert [part.due_on for part in plan(ByCount(3))] == [
        date(2026, 1, 12),
        date(2026, 1, 19),
        date(2026, 1, 26),
    ]


def test_a_given_first_due_date_is_the_first_instalments() -> None:
    instalments = plan(ByCount(2), first_due_on=date(2026, 3, 1))

    assert [part.due_on for part in instalments] == [date(2026, 3, 1), date(2026, 3, 8)]


def test_months_keep_the_anchor_day_and_clamp() -> None:
    first = date(2026, 1, 31)

    assert [part.due_on for part in plan(ByCount(4), cadence="monthly", first_due_on=first)] == [
        first,
        date(2026, 2, 28),
        date(2026, 3, 31),
        date(2026, 4, 30),
    ]


def test_only_payg_instalments_carry_days_and_the_down_payment_carries_the_initial_ones() -> None:
    bought = plan(down=200, kind="shs")
    plain = plan(down=200)

    assert [part.days for part in bought] == [3, 7, 7, 7, 7, 7]
    assert {part.days for part in plain} == {0}


def test_a_sale_paid_in_full_at_once_has_no_instalments() -> None:
    assert [part.number for part in plan(down=1000)] == [0]
    assert [part.number for part in plan(ByCount(0), down=1000)] == [0]


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(0, 520))
def test_monthly_steps_hit_every_month_once_at_the_anchor_day_or_the_last(
    anchor: date, steps: int
) -> None:
    due = step_on(anchor, "monthly", steps)

    assert (due.year * 12 + due.month) - (anchor.year * 12 + anchor.month) == steps
    assert due.day == anchor.day or (due.day < anchor.day and step_on(due, "daily", 1).day == 1)


@given(
    st.integers(1, 10_000),
    st.integers(0, 5_000),
    st.sampled_from(CADENCES),
    st.one_of(
        st.integers(1, 600).map(ByCount),
        st.integers(1, 10_000).map(lambda amount: ("amount", amount)),
    ),
    st.sampled_from([1, 5, 100]),
)
def test_every_plan_sums_to_the_price_or_is_refused(
    total: int, down: int, cadence: Cadence, schedule: Any, unit: int
) -> None:
    if isinstance(schedule, tuple):
        schedule = by_amount(schedule[1] * unit)
    try:
        instalments = plan(
            schedule, down * unit, cadence, unit, kind="shs", total_minor=total * unit
        )
    except Refused:
        return

    assert sum(part.amount_minor for part in instalments) == total * unit
    assert all(part.amount_minor % unit == 0 and part.amount_minor > 0 for part in instalments)
    assert [part.due_on for part in instalments] == sorted(part.due_on for part in instalments)


@settings(max_examples=25)
@given(st.integers(1, 10_000), st.integers(0, 400), st.data())
def test_days_come_out_exactly_however_an_instalment_is_paid(
    amount: int, days: int, data: DataObject
) -> None:
    paid = given_so_far = 0
    while paid < amount:
        step = data.draw(st.integers(1, amount - paid))
        before = days_given(amount, paid, days)
        paid += step
        given_so_far += days_given(amount, paid, days) - before

    assert given_so_far == days

"""Payment plans: the worked numbers of the domain, and what holds for every plan."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Refused
from core.plan import (
    CADENCE_DAYS,
    PlanTerms,
    cost_based,
    count_based,
    days_given,
    make_plan,
    step_on,
)

SOLD_ON = date(2026, 1, 5)


def terms(**changes):
    values = {
        "total_minor": 1000,
        "down_payment_minor": 0,
        "cadence": "weekly",
        "sold_on": SOLD_ON,
        "count": 5,
    }
    return PlanTerms(**(values | changes))


def test_count_based_gives_equal_instalments_and_the_last_takes_the_remainder():
    assert count_based(1000, 3, 1) == [333, 333, 334]


def test_the_down_payment_comes_first_and_is_due_on_the_day_of_sale():
    plan = make_plan(terms(down_payment_minor=200), cash_unit_minor=1)

    assert [part.amount_minor for part in plan] == [200, 160, 160, 160, 160, 160]
    assert (plan[0].number, plan[0].due_on) == (0, SOLD_ON)


@pytest.mark.parametrize(
    ("instalment", "expected"),
    [(300, [300, 300, 300, 100]), (400, [400, 400, 200]), (999, [999, 1]), (1000, [1000])],
)
def test_cost_based_keeps_the_amount_asked_for_and_only_the_last_is_short(instalment, expected):
    assert cost_based(1000, instalment, 1) == expected


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"count": None, "instalment_minor": 1001}, "plan_instalment_large"),
        ({"count": None, "instalment_minor": 0}, "plan_instalment_small"),
        ({"count": None, "instalment_minor": 1, "total_minor": 521}, "plan_count"),
        ({"count": 521, "total_minor": 52100}, "plan_count"),
        ({"count": 0}, "plan_count"),
        ({"count": 11, "total_minor": 10}, "plan_instalment_small"),
        ({"down_payment_minor": 1001}, "plan_down_payment"),
        ({"total_minor": 0}, "plan_total"),
        ({"first_due_on": date(2000, 1, 1)}, "plan_first_due"),
        ({"count": None}, "plan_scheme"),
    ],
)
def test_an_impossible_plan_is_refused_with_the_reason(changes, code):
    with pytest.raises(Refused) as refused:
        make_plan(terms(**changes), cash_unit_minor=1)

    assert refused.value.code == code


def test_instalments_fall_due_one_cadence_after_the_sale_and_then_a_cadence_later_each():
    plan = make_plan(terms(count=3), cash_unit_minor=1)

    assert [part.due_on for part in plan] == [
        date(2026, 1, 12),
        date(2026, 1, 19),
        date(2026, 1, 26),
    ]


def test_a_given_first_due_date_is_the_first_instalments():
    plan = make_plan(terms(count=2, first_due_on=date(2026, 3, 1)), cash_unit_minor=1)

    assert [part.due_on for part in plan] == [date(2026, 3, 1), date(2026, 3, 8)]


def test_months_keep_the_anchor_day_and_clamp():
    first = date(2026, 1, 31)
    plan = make_plan(terms(cadence="monthly", count=4, first_due_on=first), cash_unit_minor=1)

    assert [part.due_on for part in plan] == [
        first,
        date(2026, 2, 28),
        date(2026, 3, 31),
        date(2026, 4, 30),
    ]


def test_only_payg_instalments_carry_days_and_the_down_payment_carries_the_initial_ones():
    bought = make_plan(
        terms(down_payment_minor=200, initial_days=3, days_bought=True), cash_unit_minor=1
    )
    plain = make_plan(terms(down_payment_minor=200, initial_days=3), cash_unit_minor=1)

    assert [part.days for part in bought] == [3, 7, 7, 7, 7, 7]
    assert {part.days for part in plain} == {0}


def test_a_sale_paid_in_full_at_once_has_no_instalments():
    plan = make_plan(terms(down_payment_minor=1000), cash_unit_minor=1)

    assert [part.number for part in plan] == [0]


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(0, 520))
def test_monthly_steps_hit_every_month_once_at_the_anchor_day_or_the_last(anchor, steps):
    due = step_on(anchor, "monthly", steps)

    assert (due.year * 12 + due.month) - (anchor.year * 12 + anchor.month) == steps
    assert due.day == anchor.day or (due.day < anchor.day and step_on(due, "daily", 1).day == 1)


@given(
    st.integers(1, 10_000),
    st.integers(0, 5_000),
    st.sampled_from(sorted(CADENCE_DAYS)),
    st.one_of(st.none(), st.integers(1, 600)),
    st.one_of(st.none(), st.integers(1, 10_000)),
    st.sampled_from([1, 5, 100]),
)
def test_every_plan_sums_to_the_price_or_is_refused(total, down, cadence, count, amount, unit):
    asked = terms(
        total_minor=total * unit,
        down_payment_minor=down * unit,
        cadence=cadence,
        count=count,
        instalment_minor=None if amount is None else amount * unit,
        days_bought=True,
    )
    try:
        plan = make_plan(asked, cash_unit_minor=unit)
    except Refused:
        return

    assert sum(part.amount_minor for part in plan) == total * unit
    assert all(part.amount_minor % unit == 0 and part.amount_minor > 0 for part in plan)
    assert [part.due_on for part in plan] == sorted(part.due_on for part in plan)


@given(st.integers(1, 10_000), st.integers(0, 400), st.data())
def test_days_come_out_exactly_however_an_instalment_is_paid(amount, days, data):
    paid = given_so_far = 0
    while paid < amount:
        step = data.draw(st.integers(1, amount - paid))
        before = days_given(amount, paid, days)
        paid += step
        given_so_far += days_given(amount, paid, days) - before

    assert given_so_far == days

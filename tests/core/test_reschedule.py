"""Plans that change after the sale: the worked numbers of the domain, and what always holds."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Refused
from core.money import Money
from core.plan import ByAmount, ByCount, Instalment, days_given
from core.reschedule import reprice, reschedule

DUE_ON = date(2026, 1, 12)
SOLD_ON = date(2026, 1, 5)


def plan(*paid_and_amounts: tuple[int, int], days: int = 7) -> list[Instalment]:
    return [
        Instalment(number, DUE_ON, amount, days, paid, is_touched=paid > 0)
        for number, (paid, amount) in enumerate(paid_and_amounts, start=1)
    ]


def amounts(parts: list[Instalment]) -> list[int]:
    return [part.amount_minor for part in parts]


def test_a_new_total_falls_on_untouched_instalments_alike() -> None:
    assert amounts(reprice(plan(*[(0, 200)] * 5), 1500, "weekly", 1, SOLD_ON)) == [300] * 5


def test_what_money_has_touched_stays_as_it_is() -> None:
    five = plan((200, 200), (150, 200), (0, 200), (0, 200), (0, 200))
    assert amounts(reprice(five, 1500, "weekly", 1, SOLD_ON)) == [200, 200, 366, 366, 368]


def test_a_total_below_what_is_paid_is_refused() -> None:
    with pytest.raises(Refused, match="plan_below_paid"):
        reprice(plan((200, 200), (0, 200)), 199, "weekly", 1, SOLD_ON)


def test_at_exactly_what_is_paid_nothing_is_left() -> None:
    parts = reprice(plan((200, 200), (0, 200)), 200, "weekly", 1, SOLD_ON)
    assert [(part.number, part.open_minor) for part in parts] == [(1, 0)]


def test_a_touched_instalment_that_shrinks_ends_at_what_was_paid_with_the_days_it_bought() -> None:
    parts = reprice(plan((100, 200), (0, 200)), 130, "weekly", 1, SOLD_ON)
    assert [(part.amount_minor, part.paid_minor, part.days) for part in parts] == [
        (100, 100, 3),
        (30, 0, 7),
    ]


def test_a_higher_price_with_nothing_untouched_adds_an_instalment() -> None:
    parts = reprice(plan((200, 200), (50, 200)), 500, "weekly", 1, SOLD_ON)
    assert amounts(parts) == [200, 200, 100]
    assert parts[-1].due_on == date(2026, 1, 19)


@pytest.mark.parametrize(
    ("due", "sold_on", "following"),
    [
        ([date(2026, 1, 31), date(2026, 2, 28)], date(2026, 1, 2), date(2026, 3, 31)),
        ([date(2026, 2, 28)], date(2026, 1, 31), date(2026, 3, 31)),
        ([date(2026, 1, 30), date(2026, 2, 28)], date(2026, 1, 2), date(2026, 3, 30)),
        ([date(2026, 2, 10), date(2026, 3, 28)], date(2026, 1, 2), date(2026, 4, 28)),
    ],
)
def test_a_further_month_keeps_the_anchor_day(
    due: list[date], sold_on: date, following: date
) -> None:
    paid = [Instalment(n, day, 200, 30, 200, is_touched=True) for n, day in enumerate(due, 1)]
    total = 200 * len(due) + 100
    assert reprice(paid, total, "monthly", 1, sold_on)[-1].due_on == following


def test_a_part_whose_payment_was_taken_back_is_not_dropped() -> None:
    reversed_part = Instalment(1, DUE_ON, 200, 7, is_touched=True)
    with pytest.raises(Refused, match="plan_reversed_part"):
        reprice([reversed_part], 100, "weekly", 1, SOLD_ON)


def test_rescheduling_replaces_untouched_instalments_only() -> None:
    five = plan((200, 200), (150, 200), (0, 200), (0, 200), (0, 200))
    parts = reschedule(five, ByCount(2), "monthly", date(2026, 1, 31), 1, days_bought=True)
    assert amounts(parts) == [200, 200, 300, 300]
    assert [(part.number, part.due_on, part.days) for part in parts[2:]] == [
        (3, date(2026, 1, 31), 30),
        (4, date(2026, 2, 28), 30),
    ]


def test_rescheduling_by_amount_keeps_it_and_the_last_is_short() -> None:
    parts = reschedule(
        plan((0, 600), (0, 400)),
        ByAmount(Money(300, "KES")),
        "weekly",
        DUE_ON,
        1,
        days_bought=False,
    )
    assert [(part.amount_minor, part.days) for part in parts] == [
        (300, 0),
        (300, 0),
        (300, 0),
        (100, 0),
    ]


def test_a_plan_with_nothing_untouched_cannot_be_rescheduled() -> None:
    with pytest.raises(Refused, match="plan_nothing_untouched"):
        reschedule(plan((1, 2)), ByCount(2), "weekly", DUE_ON, 1, days_bought=True)


parts_paid = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 40)).map(lambda two: (min(two), two[1])),
    min_size=1,
    max_size=12,
)


@given(paid=parts_paid, down=st.integers(0, 30), total=st.integers(1, 900), unit=st.integers(1, 3))
def test_repricing_conserves_money_and_never_takes_days_back(
    paid: list[tuple[int, int]], down: int, total: int, unit: int
) -> None:
    before = plan(*[(a * unit, b * unit) for a, b in paid])
    if down:
        before.insert(0, Instalment(0, DUE_ON, down * unit, 0))
    paid_minor = sum(part.paid_minor for part in before)
    if total * unit < paid_minor:
        with pytest.raises(Refused, match="plan_below_paid"):
            reprice(before, total * unit, "weekly", unit, SOLD_ON)
        return
    after = reprice(before, total * unit, "weekly", unit, SOLD_ON)
    assert sum(amounts(after)) == total * unit
    assert sum(part.paid_minor for part in after) == paid_minor
    assert all(part.amount_minor > 0 and part.amount_minor % unit == 0 for part in after)
    assert len({part.number for part in after}) == len(after)
    by_number = {part.number: part for part in after}
    for part in before:
        if part.paid_minor:
            now = by_number[part.number]
            given_before = days_given(part.amount_minor, part.paid_minor, part.days)
            assert days_given(now.amount_minor, now.paid_minor, now.days) == given_before


@given(paid=parts_paid, count=st.integers(1, 20))
def test_rescheduling_conserves_the_total(paid: list[tuple[int, int]], count: int) -> None:
    before = plan(*paid)
    if sum(part.amount_minor for part in before if not part.is_fixed) < count:
        with pytest.raises(Refused, match=r"plan_nothing_untouched|plan_instalment_small"):
            reschedule(before, ByCount(count), "weekly", DUE_ON, 1, days_bought=True)
        return
    after = reschedule(before, ByCount(count), "weekly", DUE_ON, 1, days_bought=True)
    assert sum(amounts(after)) == sum(amounts(before))
    assert [part for part in after if part.paid_minor] == [p for p in before if p.paid_minor]
    assert len(after) == count + sum(1 for part in before if part.is_fixed)

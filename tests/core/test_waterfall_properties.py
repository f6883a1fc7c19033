"""What holds for every payment, whatever is owed and in whatever order it is paid."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, DrawFn

from core.waterfall import (
    DEFAULT_WATERFALL,
    PLAN_PARTS,
    STEPS,
    Obligation,
    Outcome,
    Target,
    Waterfall,
    apply_money,
)
from tests.core.waterfall_builders import (
    PLAN,
    SHS,
    TODAY,
    access,
    claim,
    instalment,
    lines,
    meter,
    order,
    weekly,
)

amounts = st.integers(1, 2000)


@st.composite
def situations(draw: DrawFn) -> list[Obligation]:
    owed = [
        weekly(n, draw(st.integers(-30, 30)), amount=draw(amounts))
        for n in range(1, draw(st.integers(0, 5)) + 1)
    ]
    owed += [instalment(draw(amounts), draw(st.integers(-30, 30)), number=n) for n in (1, 2)]
    owed += [access(draw(amounts)) for _ in range(draw(st.integers(0, 2)))]
    owed += [claim(draw(amounts)) for _ in range(draw(st.integers(0, 1)))]
    return sorted(
        owed, key=lambda obligation: (obligation.due_on, obligation.sale_id or 0, obligation.number)
    )


targets = st.sampled_from(
    [meter(), meter(minimum_purchase_minor=300), Target(SHS, plan_sale_id=PLAN), Target(SHS)]
)


waterfalls = st.builds(
    lambda steps, lifeline: order(*steps, lifeline=lifeline),
    st.sampled_from(list(permutations(STEPS))),
    st.none() | st.integers(0, 100),
)


def of_debts(outcome: Outcome) -> int:
    owed = (*PLAN_PARTS, "access_rate", "clawback")
    return sum(amount for kind, amount in lines(outcome) if kind in owed)


@given(situations(), targets, amounts, st.integers(0, 500), st.booleans(), waterfalls)
def test_every_unit_of_money_is_accounted_for_in_every_order(
    owed: list[Obligation],
    target: Target,
    money: int,
    credit: int,
    loan_only: bool,
    waterfall: Waterfall,
) -> None:
    owed_before = sum(obligation.open_minor for obligation in owed)

    outcome = apply_money(
        money, credit, owed, target, TODAY, loan_only=loan_only, waterfall=waterfall
    )

    assert of_debts(outcome) == owed_before - sum(obligation.open_minor for obligation in owed)
    assert sum(amount for _, amount in lines(outcome)) == money + credit
    assert all(0 <= obligation.paid_minor <= obligation.amount_minor for obligation in owed)


@given(situations(), amounts, st.integers(0, 500), waterfalls)
def test_debts_never_get_more_of_money_for_a_meter_than_the_lifeline_allows(
    owed: list[Obligation], money: int, credit: int, waterfall: Waterfall
) -> None:
    outcome = apply_money(money, credit, owed, meter(), TODAY, waterfall=waterfall)

    if waterfall.lifeline_percent not in (None, 100):
        assert of_debts(outcome) * 100 <= money * (waterfall.lifeline_percent or 0)


@given(situations(), targets, amounts, st.integers(0, 500), st.booleans())
def test_a_lifeline_of_all_is_none(
    owed: list[Obligation], target: Target, money: int, credit: int, loan_only: bool
) -> None:
    results = [
        apply_money(
            money,
            credit,
            [replace(obligation) for obligation in owed],
            target,
            TODAY,
            loan_only=loan_only,
            waterfall=waterfall,
        )
        for waterfall in (order(lifeline=100), order(), DEFAULT_WATERFALL)
    ]

    assert results[0] == results[1] == results[2]


@given(
    st.lists(st.tuples(st.integers(0, 600), st.booleans()), min_size=1, max_size=8),
    st.integers(1, 400),
    st.integers(1, 30),
)
def test_no_history_of_payments_and_reversals_gives_more_days_than_were_sold(
    history: list[tuple[int, bool]], amount: int, days: int
) -> None:
    owed = [instalment(amount, 3 * n, sale=PLAN, number=n, device=SHS, days=days) for n in (1, 2)]
    owed.append(instalment(10_000, 90, sale=PLAN, number=3))
    given_days = 0
    for money, is_taken_back in history:
        outcome = apply_money(money, 0, owed, Target(SHS, plan_sale_id=PLAN), TODAY)
        given_days += outcome.days.get(SHS, 0)
        for line in outcome.lines if is_taken_back else ():
            if line.obligation:
                line.obligation.paid_minor -= line.amount_minor

    assert given_days == sum(part.days_given for part in owed) <= 2 * days
    assert all(part.days_given >= part.paid_minor * days // amount for part in owed[:2])


@given(situations(), targets, amounts, st.booleans())
def test_nothing_goes_further_down_while_something_due_is_unpaid(
    owed: list[Obligation], target: Target, money: int, loan_only: bool
) -> None:
    outcome = apply_money(money, 0, owed, target, TODAY, loan_only=loan_only)

    due = [
        obligation
        for obligation in owed
        if obligation.kind in (*PLAN_PARTS, "clawback") and obligation.due_on <= TODAY
    ]
    fees = [obligation for obligation in owed if obligation.kind == "access_rate"]
    if any(obligation.open_minor for obligation in due):
        assert not any(obligation.paid_minor for obligation in owed if obligation not in due)
    if any(obligation.open_minor for obligation in due + fees):
        assert not outcome.energy_tenths
        assert not outcome.credit_minor


@given(st.lists(amounts, min_size=1, max_size=6), st.randoms())
def test_a_set_of_payments_clears_the_same_debts_in_any_order(
    payments: list[int], random: Any
) -> None:
    def totals(order: list[int]) -> list[int]:
        owed = [weekly(1, -14), weekly(2, -7), access(400), instalment(300, -3)]
        owed.sort(key=lambda obligation: obligation.due_on)
        credit = 0
        for money in order:
            credit = apply_money(money, credit, owed, meter(), TODAY).credit_minor
        return [obligation.paid_minor for obligation in owed]

    shuffled = payments.copy()
    random.shuffle(shuffled)

    assert totals(payments) == totals(shuffled)


@given(st.integers(1, 5000), st.data())
def test_splitting_a_payment_never_yields_more_energy_than_the_whole(
    money: int, data: DataObject
) -> None:
    cut = data.draw(st.integers(0, money))
    whole = apply_money(money, 0, [], meter(), TODAY).energy_tenths

    credit, parts = 0, 0
    for part in (cut, money - cut):
        outcome = apply_money(part, credit, [], meter(), TODAY)
        credit, parts = outcome.credit_minor, parts + outcome.energy_tenths

    assert parts == whole

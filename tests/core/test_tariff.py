"""Tariffs: versions in force, energy for money, fees as they fall due."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tariff import AccessFee, TariffVersion, energy_for, fees_due, version_on

JAN_1 = date(2026, 1, 1)
MONTHLY_FEE = TariffVersion(JAN_1, 10_000_000, access_rate_minor=10000, access_every_days=30)


@pytest.mark.parametrize(
    ("money", "tenths", "cost"),
    [(50000, 50, 50000), (55500, 55, 55000), (700, 0, 0), (10500, 10, 10000)],
)
def test_energy_is_rounded_down_to_a_tenth_of_a_kwh(money: int, tenths: int, cost: int) -> None:
    assert energy_for(money, TariffVersion(JAN_1, 10_000_000)) == (tenths, cost)


@pytest.mark.parametrize(
    ("money", "thousandths", "tenths", "cost"),
    [
        (500, 796_400, 6, 478),  # UGX 796.4: a tenth is 79.64, six are 477.84
        (10_000, 796_400, 125, 9955),
        (1000, 91_170, 109, 994),  # XOF 91.17
        (91, 91_170, 9, 83),
        (1, 5, 2000, 1),
    ],
)
def test_a_price_in_parts_of_the_smallest_unit_sells_to_the_tenth(
    money: int, thousandths: int, tenths: int, cost: int
) -> None:
    assert energy_for(money, TariffVersion(JAN_1, thousandths)) == (tenths, cost)


def test_below_the_minimum_purchase_no_energy_is_sold() -> None:
    version = TariffVersion(JAN_1, 10_000_000, minimum_purchase_minor=10000)

    assert energy_for(9999, version) == (0, 0)
    assert energy_for(10000, version) == (10, 10000)


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_energy_never_costs_more_than_was_paid_and_leaves_less_than_a_tenth(
    money: int, price: int
) -> None:
    tenths, cost = energy_for(money, TariffVersion(JAN_1, price))

    assert 0 <= cost <= money
    assert cost * 10_000 >= tenths * price
    assert (tenths + 1) * price > money * 10_000


def test_the_version_of_the_day_is_the_latest_that_has_begun() -> None:
    versions = [TariffVersion(JAN_1, 1), TariffVersion(date(2026, 2, 1), 2)]

    assert version_on(versions, date(2025, 12, 31)) is None
    assert version_on(versions, date(2026, 1, 31)) == versions[0]
    assert version_on(versions, date(2026, 2, 1)) == versions[1]


def test_the_first_fee_falls_due_one_period_after_the_tariff_was_put_on_the_meter() -> None:
    assert fees_due([MONTHLY_FEE], JAN_1, date(2026, 1, 30)) == ([], JAN_1)
    assert fees_due([MONTHLY_FEE], JAN_1, date(2026, 1, 31)) == (
        [AccessFee(date(2026, 1, 31), 10000)],
        date(2026, 1, 31),
    )


def test_a_fee_has_the_amount_in_force_when_it_falls_due() -> None:
    dearer = TariffVersion(
        date(2026, 1, 20), 10_000_000, access_rate_minor=15000, access_every_days=30
    )

    fees, _ = fees_due([MONTHLY_FEE, dearer], JAN_1, date(2026, 3, 5))

    assert fees == [AccessFee(date(2026, 1, 31), 15000), AccessFee(date(2026, 3, 2), 15000)]


def test_a_fee_introduced_later_runs_from_its_own_first_day() -> None:
    free = TariffVersion(JAN_1, 10_000_000)
    paid = TariffVersion(
        date(2026, 6, 1), 10_000_000, access_rate_minor=10000, access_every_days=10
    )

    fees, anchor = fees_due([free, paid], JAN_1, date(2026, 6, 12))

    assert fees == [AccessFee(date(2026, 6, 11), 10000)]
    assert anchor == date(2026, 6, 11)


def test_a_fee_that_was_dropped_is_charged_no_more() -> None:
    free = TariffVersion(date(2026, 2, 1), 10_000_000)

    fees, anchor = fees_due([MONTHLY_FEE, free], JAN_1, date(2026, 12, 31))

    assert fees == [AccessFee(date(2026, 1, 31), 10000)]
    assert fees_due([MONTHLY_FEE, free], anchor, date(2027, 12, 31))[0] == []


@given(st.lists(st.integers(0, 40), min_size=1, max_size=12), st.integers(1, 35))
def test_accruing_at_any_pace_gives_the_same_fees(pauses: list[int], every: int) -> None:
    version = TariffVersion(JAN_1, 10_000_000, access_rate_minor=500, access_every_days=every)
    today, anchor, stepwise = JAN_1, JAN_1, []
    for pause in pauses:
        today += timedelta(days=pause)
        fees, anchor = fees_due([version], anchor, today)
        stepwise += fees

    assert stepwise == fees_due([version], JAN_1, today)[0]

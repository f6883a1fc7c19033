"""Money: whole minor units, never negative, and one way to divide."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BrokenInvariant
from core.money import (
    Money,
    UnitPrice,
    major,
    parse_minor,
    split,
    typed_thousandths,
)


@pytest.mark.parametrize(
    ("total", "parts", "expected"),
    [(1000, 3, [333, 333, 334]), (800, 5, [160] * 5), (1000, 1, [1000])],
)
def test_the_last_part_takes_the_remainder(total: int, parts: int, expected: list[int]) -> None:
    assert split(total, parts, 1) == expected


@given(st.integers(1, 10**9), st.integers(1, 520), st.sampled_from([1, 5, 100]))
def test_parts_are_whole_units_and_sum_to_the_whole(total: int, parts: int, unit: int) -> None:
    if total < parts * unit:
        with pytest.raises(ValueError, match="cannot split"):
            split(total, parts, unit)
        return

    shares = split(total, parts, unit)

    assert sum(shares) == total
    assert all(share >= unit for share in shares)
    assert all(share % unit == 0 for share in shares[:-1])


@pytest.mark.parametrize("minor", [-1, 1.5, True, "5"])
def test_money_that_is_not_a_whole_number_of_units_is_a_broken_invariant(minor: Any) -> None:
    with pytest.raises(BrokenInvariant):
        Money(minor, "KES")


def test_currencies_do_not_mix() -> None:
    with pytest.raises(BrokenInvariant):
        Money(1, "KES") + Money(1, "UGX")


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("500", "KES", 50000),
        ("500.00", "KES", 50000),
        (" 0.05 ", "KES", 5),
        ("12.5", "KES", 1250),
        ("500", "UGX", 500),
        ("500.00", "UGX", 500),
    ],
)
def test_plain_decimals_are_read_exactly(text: str, currency: str, minor: int) -> None:
    assert parse_minor(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("", "KES"),
        ("-5", "KES"),
        ("1e3", "KES"),
        ("1,000", "KES"),
        ("5.005", "KES"),
        ("0.5", "UGX"),
        ("NaN", "KES"),
        ("٥٠٠", "KES"),
    ],
)
def test_anything_else_is_refused(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match=r"amount|decimal digits"):
        parse_minor(text, currency)


@given(st.integers(0, 10**12 - 1), st.sampled_from(["KES", "UGX"]))
def test_major_units_read_back_as_the_same_minor_units(minor: int, currency: str) -> None:
    assert parse_minor(major(minor, currency), currency) == minor


@pytest.mark.parametrize(
    ("typed", "currency", "thousandths", "written"),
    [
        ("796.4", "UGX", 796_400, "UGX 796.4"),
        ("91.17", "XOF", 91_170, "XOF 91.17"),
        ("25", "KES", 2_500_000, "KES 25.00"),
        ("25.005", "KES", 2_500_500, "KES 25.005"),
        ("1,796.4", "UGX", 1_796_400, "UGX 1796.4"),
        ("800", "UGX", 800_000, "UGX 800"),
        ("0.001", "UGX", 1, "UGX 0.001"),
    ],
)
def test_the_price_of_a_kwh_is_finer_than_the_smallest_unit(
    typed: str, currency: str, thousandths: int, written: str
) -> None:
    assert typed_thousandths(typed, currency) == thousandths
    assert str(UnitPrice(thousandths, currency)) == written


@pytest.mark.parametrize("typed", ["0.0001", "-1", "1e3", "", "1,79", "5OO"])
def test_any_other_price_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"amount|decimal digits"):
        typed_thousandths(typed, "UGX")

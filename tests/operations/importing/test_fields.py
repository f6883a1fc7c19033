"""Values as spreadsheets write them: what has one reading is read, the rest is refused."""

from __future__ import annotations

from datetime import date

import pytest

from operations.importing.fields import amount, day, serial, whole_number


@pytest.mark.parametrize(
    ("typed", "minor"),
    [
        *(("1200", 1200_00), ("1200.5", 1200_50), ("1,200", 1200_00), ("1,200.00", 1200_00)),
        *(("1.200,00", 1200_00), ("1 200.00", 1200_00), ("1\u00a0200", 1200_00)),
        *(("1.200.000", 1_200_000_00), ("150,50", 150_50), ("KES 1,200", 1200_00), ("0", 0)),
    ],
)
def test_an_amount_of_one_reading_is_read(typed: str, minor: int) -> None:
    assert amount("KES")(typed) == minor


@pytest.mark.parametrize("typed", ["1.200", "1,20,0", "1.2E3", "-5", "1,200,00", "12.345", "#N/A"])
def test_an_amount_of_two_readings_or_none_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=typed):
        amount("KES")(typed)


@pytest.mark.parametrize(
    "typed",
    [
        *("2026-01-31", "2026/1/31", "2026-01-31 00:00:00", "2026-01-31T00:00", "31/01/2026"),
        *("31.1.2026", "01/31/2026", "31-Jan-2026", "31 January 2026", "\u200e31-01-2026"),
    ],
)
def test_a_day_of_one_reading_is_read(typed: str) -> None:
    assert day(typed) == date(2026, 1, 31)


def test_a_day_whose_readings_are_the_same_is_read() -> None:
    assert day("05/05/2026") == date(2026, 5, 5)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("03/04/2026", "could be 2026-04-03 or 2026-03-04"),
        ("31/01/26", "a year of two digits"),
        ("46053", "a spreadsheet's number of a day"),
        ("31/02/2026", "there is no day 31/02/2026"),
        ("2026-01-31 10:00", "not a date"),
        ("13/13/2026", "there is no day"),
    ],
)
def test_a_day_of_two_readings_or_none_is_refused(typed: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        day(typed)


@pytest.mark.parametrize("typed", ["2023001.0", "2.02E5", "2.023E+06", "2E+06", "2023001.00"])
def test_what_a_spreadsheet_made_of_a_serial_number_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="make its column text"):
        serial(typed)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("2023001", "2023001"),
        ("kit\u20111\u200b", "KIT1"),
        ("12E5", "12E5"),
        ("a.0/1_b", "A.0/1_B"),
    ],
)
def test_other_serial_numbers_are_read(typed: str, read: str) -> None:
    assert serial(typed) == read


def test_a_whole_number_may_have_a_decimal_part_of_zeros() -> None:
    assert whole_number()("12.0") == 12
    with pytest.raises(ValueError, match="not a whole number"):
        whole_number()("12.5")

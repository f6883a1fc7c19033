"""The balance a provider states equals the ledger's, or a case is opened."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from core.errors import Refused
from core.usecases.reconciliation.balance import book_opening, note_balance, review_balances
from tests.support.cast import METER
from tests.support.scenario import ACCOUNT, NOW, Scenario


def note(scenario: Scenario, stated_minor: int, stated_at: datetime = NOW) -> int:
    with scenario.open_unit() as unit:
        return note_balance(unit, ACCOUNT, stated_minor, stated_at)


def review(scenario: Scenario, ahead: timedelta) -> list[tuple[str, str]]:
    scenario.ahead = ahead
    with scenario.open_unit() as unit:
        review_balances(unit)
    return scenario.rows("SELECT kind, detail FROM cases")


def test_a_balance_that_agrees_is_kept_and_asks_nobody(scenario: Scenario) -> None:
    scenario.pay("R1", METER, 100_00)

    assert note(scenario, 100_00) == 0

    assert review(scenario, timedelta(hours=2)) == []
    kept = scenario.rows("SELECT stated_minor, booked_minor FROM balance_assertions")
    assert kept == [(100_00, 100_00)]


def test_a_difference_that_a_late_callback_explains_goes_away(scenario: Scenario) -> None:
    assert note(scenario, 100_00) == 100_00
    scenario.pay("R1", METER, 100_00)

    assert review(scenario, timedelta(hours=2)) == []


def test_what_came_late_counts_when_it_is_looked_at_again(scenario: Scenario) -> None:
    scenario.pay("R1", METER, 100_00)  # our clock puts it after the end of the statement
    before = NOW - timedelta(hours=1)
    with scenario.open_unit() as unit:
        assert note_balance(unit, ACCOUNT, 150_00, before, late_minor=100_00) == 50_00

    assert review(scenario, timedelta(hours=2)) == [
        ("balance_differs", f"{ACCOUNT}: KES 150.00 at the provider, KES 100.00 in the books")
    ]


def test_a_difference_that_stays_becomes_a_case_once(scenario: Scenario) -> None:
    note(scenario, 100_00)

    assert review(scenario, timedelta(minutes=30)) == []
    for hours in (2, 3):
        assert review(scenario, timedelta(hours=hours)) == [
            ("balance_differs", f"{ACCOUNT}: KES 100.00 at the provider, KES 0.00 in the books")
        ]


def test_what_the_account_held_before_is_booked_once_and_the_books_still_add_up(
    scenario: Scenario,
) -> None:
    scenario.pay("R1", METER, 100_00)

    with scenario.open_unit() as unit:
        book_opening(unit, ACCOUNT, 900_00, NOW - timedelta(days=1), "ops@jua", "from before")

    assert note(scenario, 1000_00) == 0
    scenario.check_invariants()
    with scenario.open_unit() as unit, pytest.raises(Refused, match="opening_known"):
        book_opening(unit, ACCOUNT, 900_00, NOW, "ops@jua", "again")


def test_less_than_the_books_hold_is_no_opening_balance(scenario: Scenario) -> None:
    with scenario.open_unit() as unit, pytest.raises(Refused, match="opening_negative"):
        book_opening(unit, ACCOUNT, -1, NOW, "ops@jua", "x")


def test_a_later_statement_that_agrees_settles_the_difference_before_it(scenario: Scenario) -> None:
    note(scenario, 100_00)  # a payment that moved before we heard of it, booked as made afterwards
    scenario.ahead = timedelta(minutes=5)
    scenario.pay("R1", METER, 100_00)
    note(scenario, 100_00, NOW + timedelta(minutes=10))

    assert review(scenario, timedelta(hours=2)) == []


def test_a_difference_that_every_statement_repeats_is_one_case(scenario: Scenario) -> None:
    for minutes in range(0, 120, 10):
        note(scenario, 100_00, NOW + timedelta(minutes=minutes))
        found = review(scenario, timedelta(minutes=minutes))

    assert len(found) == 1


def test_a_new_difference_after_an_agreement_is_a_case_of_its_own(scenario: Scenario) -> None:
    note(scenario, 100_00)
    review(scenario, timedelta(hours=2))
    note(scenario, 0, NOW + timedelta(hours=3))
    note(scenario, 50_00, NOW + timedelta(hours=4))

    assert len(review(scenario, timedelta(hours=6))) == 2

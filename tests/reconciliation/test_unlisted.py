"""Which payments a list should have: those that we heard of in its period, whatever their messages
said of the time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from core.movement import Movement, Statement
from core.usecases.reconciliation.book_movements import open_cases
from core.usecases.reconciliation.compare import compare_statement
from tests.support.cast import METER
from tests.support.scenario import ACCOUNT, NOW, Scenario

BEGIN, END = NOW - timedelta(hours=2), NOW + timedelta(hours=2)
MTN = "mtn:mtnuganda"


def row(receipt: str, at: datetime) -> Movement:
    return Movement(receipt, "payment", "in", 100_00, at, account=METER)


def read(
    scenario: Scenario, *rows: Movement, account: str = ACCOUNT, covers: bool = True
) -> list[str]:
    """Compare a list with the ledger; the receipts that it should have and has not."""
    period = (BEGIN, END) if covers else None
    listed = Statement(account, "KES", rows, covers=period)
    with scenario.open_unit() as unit:
        compared = compare_statement(unit, listed)
        open_cases(unit, listed, compared)
    return [booked.receipt for booked in compared.missing_there]


FORGED_TIMES = [timedelta(0), timedelta(hours=-23), timedelta(hours=23), timedelta(minutes=-119)]


@pytest.mark.parametrize("forged", FORGED_TIMES)
@pytest.mark.parametrize("is_empty", [True, False])
@pytest.mark.parametrize("account", [ACCOUNT, MTN])
def test_a_forger_does_not_hide_behind_the_time_of_a_message(
    scenario: Scenario, forged: timedelta, is_empty: bool, account: str
) -> None:
    scenario.pay("FORGED", METER, paid_at=NOW + forged, provider_account=account)
    rows = [] if is_empty else [row("L1", NOW - timedelta(minutes=1))]

    assert read(scenario, *rows, account=account) == ["FORGED"]
    assert scenario.rows("SELECT kind FROM cases") == [("not_on_statement",)]


def test_a_file_without_a_stated_period_is_of_its_first_row_to_its_last(scenario: Scenario) -> None:
    scenario.pay("FORGED", METER, paid_at=NOW - timedelta(hours=20))
    fee = Movement("F1", "fee", "out", 5_00, NOW + timedelta(minutes=5))

    assert read(scenario, row("L1", BEGIN), fee, covers=False) == ["FORGED"]
    assert read(scenario, covers=False) == []


def test_what_we_heard_of_outside_the_period_is_not_its_business(scenario: Scenario) -> None:
    for ahead in (timedelta(hours=-3), timedelta(hours=3)):
        scenario.ahead = ahead
        scenario.pay(f"R{ahead.days}", METER)
    scenario.ahead = timedelta(0)

    assert read(scenario) == []


def test_a_late_message_of_what_an_earlier_list_had_is_known(scenario: Scenario) -> None:
    """Paid before the period, and told within: the list before this one had it."""
    scenario.pay("LATE", METER, paid_at=BEGIN - timedelta(minutes=5))
    earlier = Statement(ACCOUNT, "KES", [row("LATE", BEGIN - timedelta(minutes=5))])
    with scenario.open_unit() as unit:
        open_cases(unit, earlier, compare_statement(unit, earlier))

    assert read(scenario) == []


def test_what_the_provider_answered_needs_no_list(scenario: Scenario) -> None:
    scenario.pay("ASKED", METER, source="query")
    scenario.pay("LISTED", METER, source="pull")

    assert read(scenario) == []


def test_a_list_that_has_it_is_the_providers_word(scenario: Scenario) -> None:
    scenario.pay("OLD", METER, 100_00, paid_at=NOW - timedelta(days=9), evidence="unverified")
    scenario.apply()
    assert scenario.states() == ["received"]

    assert read(scenario, row("old", NOW)) == []
    scenario.apply()

    assert scenario.states() == ["applied"]
    assert scenario.rows("SELECT state FROM provider_words") == [("confirmed",)]
    scenario.check_invariants()


def test_a_list_without_it_says_no(scenario: Scenario) -> None:
    scenario.pay("OLD", METER, 100_00, paid_at=NOW - timedelta(days=9), evidence="unverified")

    assert read(scenario) == ["OLD"]
    assert scenario.rows("SELECT state FROM provider_words") == [("denied",)]


def test_after_an_unlisted_one_was_seen_unverified_ones_wait(scenario: Scenario) -> None:
    scenario.pay("FORGED", METER, evidence="unverified")
    scenario.apply()
    read(scenario)

    scenario.pay("NEXT", METER, evidence="unverified")
    scenario.pay("PROVED", METER, evidence="proved")
    scenario.apply()
    assert scenario.states() == ["applied", "received", "applied"]

    scenario.run("UPDATE payments SET evidence = 'proved' WHERE receipt = 'FORGED'")
    scenario.pay("ALSO", METER, evidence="proved")
    scenario.apply()
    assert scenario.states()[-1] == "received"

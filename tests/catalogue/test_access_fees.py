"""Fees fall due by the calendar: however often, late or with whatever clock the job runs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.usecases.catalogue.access_fees import accrue_access_rates
from tests.support.builders import insert_tariff
from tests.support.cast import METER
from tests.support.scenario import NOW, Scenario


@pytest.fixture
def metered(scenario: Scenario) -> Scenario:
    """Amina's meter with a fee of 20 every 3 days from today."""
    with scenario.engine.begin() as connection:
        tariff = insert_tariff(connection, access_rate_minor=20_00, access_every_days=3)
        connection.exec_driver_sql(
            "UPDATE devices SET tariff_id = %s, access_anchor_on = %s WHERE serial = %s",
            (tariff, NOW.date(), METER),
        )
    return scenario


def accrue(scenario: Scenario, **ahead: int) -> int:
    scenario.ahead = timedelta(**ahead)
    with scenario.open_unit() as unit:
        return accrue_access_rates(unit, 0, 100)[0]


def charges(scenario: Scenario) -> list[int]:
    return [
        (due_on - NOW.date()).days
        for (due_on,) in scenario.rows("SELECT due_on FROM access_charges ORDER BY due_on")
    ]


def test_the_job_may_run_daily_many_times_or_once_after_downtime(metered: Scenario) -> None:
    assert [accrue(metered, days=day) for day in (0, 1, 2, 3, 3, 3)] == [0, 0, 0, 1, 0, 0]
    assert accrue(metered, days=16) == 4

    assert charges(metered) == [3, 6, 9, 12, 15]
    metered.check_invariants()


def test_a_clock_that_jumps_over_midnight_and_back_charges_once(metered: Scenario) -> None:
    """21:00 UTC is midnight in Nairobi; the cast's day is noon there."""
    hours = [24 * 3 - 12 - 1, 24 * 3 - 12, 24 * 3 - 12 - 1, 24 * 3 - 12 + 1]

    assert [accrue(metered, hours=hour) for hour in hours] == [0, 1, 0, 0]
    assert charges(metered) == [3]
    metered.check_invariants()

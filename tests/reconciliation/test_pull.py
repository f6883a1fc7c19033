"""When a provider's list is asked for, and which part of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.usecases.reconciliation.pull import Pull, plan_pull, pull_done, pull_failed
from tests.support.scenario import NOW, Scenario

PAYBILL = "daraja:600123"
EVERY = timedelta(minutes=10)


def plan(scenario: Scenario, ahead: timedelta, *, is_done: bool = True) -> Pull | None:
    scenario.ahead = ahead
    with scenario.open_unit() as unit:
        pull = plan_pull(unit, PAYBILL, EVERY)
    if pull is not None and is_done:
        with scenario.open_unit() as unit:
            pull_done(unit, pull)
    return pull


def hours_asked_for(pull: Pull | None) -> float:
    assert pull is not None
    return (pull.end - pull.begin) / timedelta(hours=1)


def test_the_list_is_asked_for_once_in_every_interval(scenario: Scenario) -> None:
    assert plan(scenario, timedelta(0)) is not None
    assert plan(scenario, EVERY - timedelta(seconds=1)) is None
    pull = plan(scenario, EVERY)
    assert pull == Pull(PAYBILL, NOW + EVERY - timedelta(hours=2), NOW + EVERY, is_whole=False)
    assert pull.settled_until == NOW + EVERY - timedelta(minutes=5)


@pytest.mark.parametrize(
    ("first_payment_ago", "hours"),
    [(timedelta(days=30), 47), (timedelta(hours=10), 10), (timedelta(minutes=5), 2), (None, 2)],
)
def test_the_whole_list_goes_back_to_the_first_payment_or_47_hours(
    scenario: Scenario, first_payment_ago: timedelta | None, hours: int
) -> None:
    if first_payment_ago is not None:
        scenario.pay("R1", "NOBODY", 100_00, paid_at=NOW - first_payment_ago, source="pull")
    assert hours_asked_for(plan(scenario, timedelta(0))) == hours


def test_the_whole_list_is_due_once_a_day_after_an_absence_and_after_a_failure(
    scenario: Scenario,
) -> None:
    scenario.pay("R1", "NOBODY", 100_00, paid_at=NOW - timedelta(days=30), source="pull")
    assert hours_asked_for(plan(scenario, timedelta(0))) == 47
    pull = plan(scenario, EVERY)
    assert pull is not None
    assert hours_asked_for(pull) == 2
    with scenario.open_unit() as unit:
        pull_failed(unit, pull)
    assert hours_asked_for(plan(scenario, 2 * EVERY)) == 47
    assert hours_asked_for(plan(scenario, 3 * EVERY)) == 2
    # absent: more than an hour after the pull was due
    assert hours_asked_for(plan(scenario, 4 * EVERY + timedelta(hours=1, seconds=1))) == 47
    assert hours_asked_for(plan(scenario, timedelta(days=2))) == 47


def test_the_whole_list_stays_due_until_it_is_recorded(scenario: Scenario) -> None:
    """A worker that dies between reading the list and booking it."""
    scenario.pay("R1", "NOBODY", 100_00, paid_at=NOW - timedelta(days=30), source="pull")
    assert hours_asked_for(plan(scenario, timedelta(0), is_done=False)) == 47
    assert hours_asked_for(plan(scenario, EVERY)) == 47
    assert hours_asked_for(plan(scenario, 2 * EVERY)) == 2

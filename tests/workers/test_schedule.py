"""The schedule: a job that fails stops no other, becomes a case and is tried again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import cast

import pytest

from core.db.audit import note_once
from core.db.effects import claim_effect
from core.db.saved_forms import spend_token
from core.unit import Unit
from gateway.work_queues import WorkQueues
from tests.support.scenario import Scenario
from workers.schedule import Schedule


class NoQueues:
    def wake(self, queue_names: Collection[str]) -> None:
        pass


@pytest.fixture
def schedule(scenario: Scenario) -> Schedule:
    return Schedule(scenario.open_unit, cast(WorkQueues, NoQueues()))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What ran, in order; the accrual fails as long as the list has no "mended"."""
    ran: list[str] = []

    def accrue(unit: Unit, after: int, limit: int) -> tuple[int, None]:
        ran.append("accrual")
        if "mended" not in ran:
            raise ValueError("no such fee")
        return 0, None

    def find_reminders(unit: Unit) -> list[int]:
        ran.append("reminders")
        return []

    monkeypatch.setattr("workers.schedule.accrue_access_rates", accrue)
    monkeypatch.setattr("workers.schedule.find_due_reminders", find_reminders)
    return ran


def cases(scenario: Scenario) -> list[tuple[str, bool]]:
    found = scenario.rows("SELECT detail, closed_at IS NULL FROM cases ORDER BY id")
    return [(detail, is_open) for detail, is_open in found]


def test_access_fees_that_fail_do_not_stop_the_reminders(
    schedule: Schedule, scenario: Scenario, calls: list[str]
) -> None:
    schedule.sweep()
    schedule.sweep()

    assert calls == ["accrual", "reminders"]
    ((detail, is_open),) = cases(scenario)
    assert is_open
    assert detail.startswith("the daily access fees failed")


def test_they_are_tried_again_after_five_minutes_and_the_case_closes(
    schedule: Schedule, scenario: Scenario, calls: list[str]
) -> None:
    schedule.sweep()
    scenario.ahead = timedelta(minutes=5)
    schedule.sweep()
    assert calls.count("accrual") == 2

    calls.append("mended")
    scenario.ahead = timedelta(minutes=10)
    schedule.sweep()
    schedule.sweep()

    assert calls.count("accrual") == 3
    assert [is_open for _, is_open in cases(scenario)] == [False]


@pytest.mark.parametrize(("hours", "kept"), [(23, True), (25, False)])
def test_keys_under_which_something_was_done_once_are_purged_after_a_day(
    schedule: Schedule, scenario: Scenario, hours: int, kept: bool
) -> None:
    with scenario.open_unit() as unit:
        note_once(unit.connection, unit.now, "an hour look zawadi customer 7")
        claim_effect(unit.connection, ("a/0", 1), ("a", 3), unit.now)
        spend_token(unit.connection, "token", "digest", unit.now)
    scenario.ahead += timedelta(hours=hours)

    schedule.sweep()

    for table in ("ussd_effects", "saved_forms", "audit_once"):
        assert scenario.rows(f"SELECT count(*) FROM {table}") == [(int(kept),)]


def test_late_payers_are_in_default_by_the_rule_of_the_market(
    schedule: Schedule, scenario: Scenario
) -> None:
    scenario.run("UPDATE market SET default_after_days = 30")
    scenario.ahead = timedelta(days=60)
    schedule.sweep()

    assert scenario.rows("SELECT DISTINCT state FROM sales") == [("defaulted",)]
    scenario.check_invariants()

"""The schedule: a job that fails stops no other, becomes a case and is tried again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import cast

import pytest

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

"""What operators do without a change leaves rows in the audit log: bounded, and without names."""

from __future__ import annotations

from typing import Any

import pytest

from core.operator import ConsoleUser
from core.usecases.operators import access
from core.usecases.operators.access import (
    note_export,
    note_log_in,
    note_log_out,
    note_look,
    note_refused_act,
    note_refused_log_in,
)
from core.usecases.operators.users import add_user, get_user
from tests.support.scenario import Scenario

NETWORK = "196.201.214.0/24"


def user_of(scenario: Scenario) -> ConsoleUser:
    with scenario.open_unit() as unit:
        user_id = add_user(unit, "zawadi", "correct horse", "support", "test")
        return get_user(unit, user_id)


def noted(scenario: Scenario) -> list[tuple[Any, ...]]:
    return scenario.rows(
        "SELECT operator, action, subject, subject_id, details FROM audit_log"
        " WHERE action <> 'add' ORDER BY id"
    )


def test_logins_and_logouts(scenario: Scenario) -> None:
    user = user_of(scenario)
    with scenario.open_unit() as unit:
        note_log_in(unit, user, NETWORK)
        note_log_out(unit, user)

    assert noted(scenario) == [
        ("zawadi", "log_in", "user", user.id, {"network": NETWORK}),
        ("zawadi", "log_out", "user", user.id, {}),
    ]


def test_refused_logins_without_the_name_that_was_typed(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = user_of(scenario)
    monkeypatch.setattr(access, "MAX_REFUSED_LOGINS", 3)
    with scenario.open_unit() as unit:
        for name in ("zawadi", "zawadi", "my password", "another", "third"):
            note_refused_log_in(unit, name, NETWORK, "login_wrong")
        for number in range(9):
            note_refused_log_in(unit, "x", f"10.0.{number}.0/24", "login_wrong")

    details = {"network": NETWORK, "code": "login_wrong"}
    assert noted(scenario) == [
        ("dialwatt", "log_in_refused", "user", user.id, details),
        ("dialwatt", "log_in_refused", "user", 0, details),
        ("dialwatt", "log_in_refused", "user", 0, details | {"network": "10.0.0.0/24"}),
    ]


def test_a_look_and_a_refusal_are_written_once_an_hour(scenario: Scenario) -> None:
    def act() -> None:
        with scenario.open_unit() as unit:
            note_look(unit, "zawadi", "customer", 7)
            note_look(unit, "zawadi", "customer", 8)
            note_refused_act(unit, "zawadi", "tokens.new_order", "unknown_serial", ("list", 0))

    act()
    act()
    assert [row[:4] for row in noted(scenario)] == [
        ("zawadi", "look", "customer", 7),
        ("zawadi", "look", "customer", 8),
        ("zawadi", "refused", "list", 0),
    ]


def test_an_export_has_its_rows_and_filters(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        note_export(unit, "zawadi", "payments", 12, {"state": "applied", "search": "given"})

    filters = {"state": "applied", "search": "given"}
    assert noted(scenario) == [
        ("zawadi", "export", "list", 0, {"list": "payments", "rows": 12, "filters": filters})
    ]

"""A worker killed at any moment of applying: nothing or everything, one code for one payment."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event

from tests.support.cast import KIT, METER
from tests.support.scenario import Scenario


class Killed(BaseException):
    """The process ends here; nothing of ours gets to handle that."""


@pytest.fixture
def kill_at(scenario: Scenario) -> Iterator[Callable[[int], None]]:
    """Has the process end just before its n-th statement; 0: never. Counts the statements."""
    state = {"at": 0, "seen": 0}

    @event.listens_for(scenario.engine, "before_cursor_execute")
    def count(*_: Any) -> None:
        state["seen"] += 1
        if state["seen"] == state["at"]:
            raise Killed

    def arm(statement: int) -> None:
        state.update(at=statement, seen=0)

    yield arm
    event.remove(scenario.engine, "before_cursor_execute", count)


TRACES = """
    SELECT (SELECT count(*) FROM tokens), (SELECT count(*) FROM payment_lines),
           (SELECT count(*) FROM sms), (SELECT sum(paid_minor) FROM instalments),
           (SELECT count(*) FROM payments WHERE state <> 'received'),
           (SELECT max(token_counter) FROM devices)
"""


def test_a_worker_killed_before_any_statement_leaves_no_part_of_a_payment(
    scenario: Scenario, kill_at: Callable[[int], None]
) -> None:
    scenario.pay("R1", METER, 500_00)
    scenario.pay("R2", KIT, 300_00)
    before = scenario.rows(TRACES)

    statement = 1
    while scenario.states() != [
        "applied",
        "applied",
    ]:  # the server may yet have to miss who was killed
        kill_at(statement)
        try:
            scenario.apply()
        except Killed:
            kill_at(0)
            assert scenario.rows(TRACES) == before, f"killed before statement {statement}"
            statement += 1
        kill_at(0)

    assert statement > 8
    assert scenario.rows("SELECT kind, units FROM tokens ORDER BY id") == [
        ("energy", 20),
        ("days", 14),
    ]
    scenario.check_invariants()


def test_a_worker_killed_after_its_commit_leaves_one_code_and_its_text_waiting(
    scenario: Scenario,
) -> None:
    """Before anything was sent, or after it was and before that was noted: the same words again."""
    scenario.pay("R1", METER, 500_00)
    scenario.apply()
    codes = scenario.rows("SELECT text FROM tokens")

    scenario.apply()

    assert scenario.rows("SELECT text FROM tokens") == codes
    [(state, body)] = scenario.rows("SELECT state, body FROM sms")
    assert state == "waiting"
    assert codes[0][0][:4] in body


def test_a_code_is_made_without_asking_anybody(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So no reply can be lost, no vendor can know better, and none can issue it twice."""

    def refuse(*_: Any) -> None:
        raise AssertionError("a network call was made")

    scenario.pay("R1", METER, 500_00)
    scenario.pay("R2", KIT, 150_00)
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse, raising=False)

    scenario.apply()

    assert scenario.rows("SELECT count(*) FROM tokens") == [(2,)]

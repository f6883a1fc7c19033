"""`dialwatt limits`: what one person may do alone, shown and set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.operations.conftest import Ran


def test_limits_are_shown_and_set_with_a_reason(
    dialwatt: Callable[..., Ran], loaded: None, rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    assert "second person   required" in dialwatt("limits").out
    assert dialwatt("limits", "--second-person", "off").code == 2
    change = ("--second-person", "off", "--large", "500", "--daily", "support=1,000.50")

    ran = dialwatt("limits", *change, "--daily", "finance=none", "--reason", "I work alone")

    assert ran.code == 0, ran.err
    assert "support a day   KES 1000.50" in ran.out
    stored = "SELECT second_person, large_minor, finance_daily_minor, support_daily_minor FROM"
    assert rows(f"{stored} act_rules") == [("off", 50000, None, 100050)]
    noted = "SELECT reason FROM audit_log WHERE action = 'set_act_rules'"
    assert rows(noted) == [("I work alone",)]
    assert "write owner" in dialwatt("limits", "--daily", "boss=1", "--reason", "why").err

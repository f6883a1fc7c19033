"""Claim and call: what one item does to itself never costs its neighbours their results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from workers.drain import claim_call_record, run_each


class Rows:
    """Units that keep what was recorded in them, and lose it when they fail."""

    def __init__(self) -> None:
        self.kept: list[Any] = []

    @contextmanager
    def open_unit(self) -> Iterator[Any]:
        mine: list[Any] = []
        yield mine
        self.kept += mine


def recording(item: int) -> Callable[[Any], None]:
    return lambda unit: unit.append(item)


@pytest.fixture
def rows() -> Rows:
    return Rows()


def test_a_call_that_fails_unforeseen_costs_only_its_own_result(
    rows: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    def call(item: int) -> Callable[..., Any]:
        if item == 2:
            raise KeyError("nobody thought of this")
        return recording(item)

    assert claim_call_record(rows.open_unit, lambda unit: [1, 2, 3], call) == 3

    assert rows.kept == [1, 3]
    assert "nobody thought of this" in caplog.text


def test_a_result_that_cannot_be_recorded_costs_only_itself(
    rows: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    def call(item: int) -> Callable[[Any], None]:
        def record(unit: Any) -> None:
            unit.append(item)
            if item == 1:
                raise ValueError("no such column")

        return record

    claim_call_record(rows.open_unit, lambda unit: [1, 2, 3], call)

    assert rows.kept == [2, 3]
    assert "no such column" in caplog.text


def test_the_end_of_the_process_is_not_taken_for_a_bad_item(rows: Rows) -> None:
    def call(item: int) -> Callable[[Any], None]:
        raise SystemExit

    with pytest.raises(SystemExit):
        claim_call_record(rows.open_unit, lambda unit: [1], call)


def test_a_step_that_fails_does_not_stop_the_next(rows: Rows) -> None:
    def fail() -> None:
        raise KeyError("the first step")

    with pytest.raises(ExceptionGroup) as failed:
        run_each(fail, lambda: rows.kept.append(2))

    assert rows.kept == [2]
    assert [str(error) for error in failed.value.exceptions] == ["'the first step'"]

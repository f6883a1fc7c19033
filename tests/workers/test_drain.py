"""Claim and call: what one item does to itself never costs its neighbours their results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Barrier, Event
from typing import Any

import pytest

from workers.drain import Lane, Shift, drain, keep_calling, run_each

PATIENCE_S = 20.0


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


def once(*items: int) -> Callable[[Any, int], Sequence[int]]:
    """A claim that finds these items, up to its limit, and then nothing."""
    waiting = list(items)

    def claim(unit: Any, limit: int) -> Sequence[int]:
        claimed, waiting[:] = waiting[:limit], waiting[limit:]
        return claimed

    return claim


def test_a_call_that_fails_unforeseen_costs_only_its_own_result(
    rows: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    def call(item: int) -> Callable[..., Any]:
        if item == 2:
            raise KeyError("nobody thought of this")
        return recording(item)

    keep_calling(rows.open_unit, [Lane(once(1, 2, 3), call)], Shift())

    assert sorted(rows.kept) == [1, 3]
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

    keep_calling(rows.open_unit, [Lane(once(1, 2, 3), call)], Shift())

    assert sorted(rows.kept) == [2, 3]
    assert "no such column" in caplog.text


def test_the_end_of_the_process_is_not_taken_for_a_bad_item(rows: Rows) -> None:
    def call(item: int) -> Callable[[Any], None]:
        raise SystemExit

    with pytest.raises(SystemExit):
        keep_calling(rows.open_unit, [Lane(once(1), call)], Shift())


def test_a_claim_that_fails_leaves_the_results_of_the_calls_under_way(rows: Rows) -> None:
    claims = iter([[1, 2]])

    def claim(unit: Any, limit: int) -> Sequence[int]:
        return next(claims)

    with pytest.raises(StopIteration):
        keep_calling(rows.open_unit, [Lane(claim, recording)], Shift())

    assert sorted(rows.kept) == [1, 2]


def test_no_more_is_claimed_than_a_lane_has_free_slots(rows: Rows) -> None:
    limits: list[int] = []
    found, may_end = once(*range(20)), Event()

    def claim(unit: Any, limit: int) -> Sequence[int]:
        limits.append(limit)
        if len(limits) > 1:
            may_end.set()
        return found(unit, limit)

    def call(item: int) -> Callable[[Any], None]:
        if item:
            assert may_end.wait(PATIENCE_S)
        return recording(item)

    keep_calling(rows.open_unit, [Lane(claim, call, slots=3)], Shift(PATIENCE_S))

    assert sorted(rows.kept) == list(range(20))
    assert limits[:2] == [3, 1]


def test_a_lane_whose_provider_is_slow_takes_no_slot_of_another(rows: Rows) -> None:
    others_are_done = Event()

    def slow(item: int) -> Callable[[Any], None]:
        assert others_are_done.wait(PATIENCE_S)
        return recording(item)

    def last(item: int) -> Callable[[Any], None]:
        if item == 9:
            others_are_done.set()
        return recording(item)

    lanes = [Lane(once(-1, -2, -3), slow, slots=2), Lane(once(*range(10)), last, slots=1)]
    keep_calling(rows.open_unit, lanes, Shift(PATIENCE_S))

    assert sorted(rows.kept) == [-3, -2, -1, *range(10)]


def test_after_its_shift_a_job_claims_no_more_and_says_that_work_is_left(rows: Rows) -> None:
    shift = Shift(0)

    keep_calling(rows.open_unit, [Lane(once(1, 2, 3), recording, slots=1)], shift)

    assert rows.kept == [1]
    assert shift.is_cut_short


def test_a_shift_that_was_long_enough_leaves_nothing(rows: Rows) -> None:
    shift, left = Shift(PATIENCE_S), iter([2, 1, 0])

    drain(lambda: next(left), shift)
    keep_calling(rows.open_unit, [Lane(once(1, 2, 3), recording, slots=1)], shift)

    assert rows.kept == [1, 2, 3]
    assert not shift.is_cut_short


def test_a_step_is_repeated_only_while_there_is_time() -> None:
    shift, left = Shift(0), iter([2, 1, 0])

    drain(lambda: next(left), shift)

    assert list(left) == [1, 0]
    assert shift.is_cut_short


def test_a_step_that_fails_does_not_stop_the_next(rows: Rows) -> None:
    def fail() -> None:
        raise KeyError("the first step")

    with pytest.raises(ExceptionGroup) as failed:
        run_each(fail, lambda: rows.kept.append(2))

    assert rows.kept == [2]
    assert [str(error) for error in failed.value.exceptions] == ["'the first step'"]


def test_an_answer_that_cannot_be_recorded_takes_no_other_with_it(
    rows: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    ended = Barrier(4)

    def call(item: int) -> int:
        if item:
            ended.wait(PATIENCE_S)
        return item

    def record(unit: Any, answers: Sequence[int]) -> None:
        if 0 in answers:
            ended.wait(PATIENCE_S)  # the other three come while this one is recorded
        unit += answers
        if 2 in answers:
            raise ValueError("not this one")

    keep_calling(rows.open_unit, [Lane(once(0, 1, 2, 3), call, record=record)], Shift())

    assert sorted(rows.kept) == [0, 1, 3]
    assert "not this one" in caplog.text

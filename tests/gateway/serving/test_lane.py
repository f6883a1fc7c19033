"""Lanes: what one kind of request waits for takes nothing from the others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from math import inf
from typing import Any

import pytest

from gateway.serving.after_answer import after_answer
from gateway.serving.deadline import DEADLINE, Deadline, TooLate
from gateway.serving.lane import Answer, Lane, Request
from gateway.serving.patience import MET_A_LOCK, Patience
from gateway.serving.sizes import Size

PATIENCE_S = 60.0
Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def says(word: str, before: Callable[[dict[str, Any]], object] = lambda environ: None) -> Any:
    """An application that answers with a word, after something else."""

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        before(environ)
        start_response("200 OK", [])
        return [word.encode()]

    return application


class Caller:
    """Sends a request and keeps its answers."""

    def __init__(self, body: bytes = b"") -> None:
        self.heard: list[str] = []
        self.answered = threading.Event()
        self.request = Request(dict, body, self._record_answer)

    def _record_answer(self, answer: Answer) -> None:
        self.heard.append(answer.body.decode().strip())
        self.answered.set()


def late(environ: dict[str, Any], deadline: Deadline) -> Answer:
    return Answer(200, [], b"late and acting" if deadline.is_acting else b"late")


def made(application: Any, size: Size, **given: Any) -> Lane:
    return Lane("lane", application, size, late, **given)


def served(lane: Lane, *callers: Caller) -> list[list[str]]:
    async def all_at_once() -> None:
        await asyncio.gather(*(lane.serve(caller.request) for caller in callers))

    asyncio.run(all_at_once())
    lane.close()
    return [caller.heard for caller in callers]


def test_a_request_is_answered_once_by_its_application() -> None:
    lane = made(says("done"), Size(1, 0, PATIENCE_S))
    assert served(lane, Caller()) == [["done"]]


def test_what_is_done_after_the_answer_comes_after_it() -> None:
    caller, seen = Caller(), []
    keep = says("done", lambda environ: after_answer(lambda: seen.append(list(caller.heard))))
    served(made(keep, Size(1, 0, PATIENCE_S)), caller)
    assert seen == [["done"]]


def test_without_a_server_it_is_done_at_once() -> None:
    seen: list[int] = []
    after_answer(lambda: seen.append(1))
    assert seen == [1]


def test_a_full_lane_answers_at_once() -> None:
    first, second = Caller(), Caller()
    lane = made(says("done", lambda _: second.answered.wait(PATIENCE_S)), Size(1, 0, PATIENCE_S))
    assert served(lane, first, second) == [["done"], ["late"]]


def test_what_has_not_begun_at_its_deadline_is_dropped() -> None:
    """The first one holds the only thread until the second one was answered."""
    first, second, begun = Caller(), Caller(), []

    def hold(environ: dict[str, Any]) -> None:
        begun.append(environ)
        second.answered.wait(PATIENCE_S)

    assert served(made(says("done", hold), Size(1, 5, 0.02)), first, second)[1] == ["late"]
    assert len(begun) == 1


def test_what_acts_at_its_deadline_goes_on_and_its_caller_hears_once() -> None:
    caller, done = Caller(), []

    def act(environ: dict[str, Any]) -> None:
        environ[DEADLINE].start_acting()
        caller.answered.wait(PATIENCE_S)
        done.append(1)

    assert served(made(says("done", act), Size(1, 0, 0.02)), caller) == [["late and acting"]]
    assert done == [1]


def test_what_begins_to_act_after_its_deadline_is_stopped() -> None:
    deadline = Deadline()
    assert deadline.expires()
    with pytest.raises(TooLate):
        deadline.start_acting()
    assert not deadline.answers()


def test_who_meets_a_lock_waits_in_the_side_room_and_the_lane_goes_on() -> None:
    """The lane has one thread, which serves others while the side room waits for them."""
    stuck, others = Caller(b"stuck"), [Caller() for _ in range(3)]

    def ask(environ: dict[str, Any]) -> None:
        environ[MET_A_LOCK] = environ["wsgi.input"].read() == b"stuck"

    def wait(environ: dict[str, Any]) -> None:
        assert environ["wsgi.input"].read() == b"stuck"
        assert all(other.answered.wait(PATIENCE_S) for other in others)

    side_room = made(says("after all", wait), Size(1, 0, PATIENCE_S))
    lane = made(says("done", ask), Size(1, 9, PATIENCE_S), side_room=side_room)
    assert served(lane, stuck, *others) == [["after all"], ["done"], ["done"], ["done"]]


def test_a_full_side_room_turns_callers_away_at_once() -> None:
    first, second = Caller(), Caller()
    holds = says("after all", lambda _: second.answered.wait(PATIENCE_S))
    side_room = made(holds, Size(1, 0, PATIENCE_S))
    locked = says("", lambda environ: environ.update({MET_A_LOCK: True}))
    lane = made(locked, Size(1, 9, PATIENCE_S), side_room=side_room)
    assert served(lane, first, second) == [["after all"], ["late"]]


def test_what_came_too_long_ago_is_not_begun() -> None:
    caller = Caller()
    caller.request.came_at = -inf
    assert served(made(says("done"), Size(1, 0, PATIENCE_S, 1.0)), caller) == [["late"]]


def test_units_are_patient_where_no_side_room_follows() -> None:
    opened: list[str] = []

    def opens_a(kind: str) -> Any:
        return lambda: opened.append(kind)

    opener = Patience(opens_a("brief"), opens_a("patient"))

    def opens(environ: dict[str, Any]) -> None:
        opener()
        environ[MET_A_LOCK] = True

    size = Size(1, 0, PATIENCE_S)
    served(made(says("", opens), size, side_room=made(says("", opens), size)), Caller())
    opens({})
    assert opened == ["brief", "patient", "patient"]


def test_an_application_that_breaks_is_a_500_and_the_lane_goes_on() -> None:
    def breaks(environ: dict[str, Any]) -> None:
        raise RuntimeError("boom")

    caller = Caller()
    assert served(made(says("", breaks), Size(1, 0, PATIENCE_S)), caller) == [["something broke"]]

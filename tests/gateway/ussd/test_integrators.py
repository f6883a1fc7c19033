"""Forms of callbacks that integrators of an aggregator have seen, besides the documented ones."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.gateway.ussd.conformance import ARKESEL, BEEM, Caller, Fields, Hands, Turn, Wire
from tests.gateway.ussd.pages import AMOUNT, HOME
from tests.support.phone import Answer


class QuickHands(Hands):
    """Everything is typed within the second in which repeats come too."""

    def think(self, seconds: int = 5) -> None:
        super().think(0)


def _numbered(turn: Turn) -> Fields:
    """Each turn with a request id of its own, and a 0 where a dial has no answer."""
    fields = BEEM.fields(turn)
    answer = {"response": 0} if turn.opens else {}
    return fields | {"payload": fields["payload"] | answer | {"request_id": 40 + turn.number}}


def _read_beem(answer: Answer) -> tuple[str, bool]:
    answered = json.loads(answer.body)
    return answered["payload"]["request"], answered["command"] == "terminate"


def _worded(turn: Turn, marks: dict[bool, object]) -> Fields:
    return ARKESEL.fields(turn) | {"newSession": marks[turn.opens]}


def _walk(wire: Wire, make_app: Any) -> None:
    hands = QuickHands()
    caller = Caller(wire, make_app(clock=hands), hands)
    assert caller.dial() == HOME
    assert caller.screen(caller.send()) == HOME
    assert caller.answer("1") == AMOUNT
    assert caller.screen(caller.send()) == AMOUNT


def test_a_zero_in_beems_initiate_is_no_answer(make_app: Any) -> None:
    _walk(replace(BEEM, fields=_numbered, read=_read_beem), make_app)


@pytest.mark.parametrize(("opens", "goes_on"), [("true", "false"), (1, 0), ("1", "0")])
def test_arkesel_marks_a_new_session_as_other_languages_do(
    make_app: Any, opens: object, goes_on: object
) -> None:
    marks = {True: opens, False: goes_on}
    _walk(replace(ARKESEL, fields=lambda turn: _worded(turn, marks)), make_app)

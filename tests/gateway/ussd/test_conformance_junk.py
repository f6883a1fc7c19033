"""Callbacks of strangers: junk, missing fields and wrong keys, for every aggregator's adapter."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gateway.ussd.conformance import Caller
from tests.gateway.ussd.pages import (
    to_confirm,
)
from tests.support.phone import post

JUNK = [b"", b"\xff\xfe\x00", b"[]", b"null", b"7", b"{", b'{"a":' * 50, b"a=%ff", b"a=1&a=2"]
LARGE = 64 * 1024 + 1
# A clock that never moves between examples would make each one a repeat; noise never is one.
FUZZ = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("junk", JUNK)
def test_junk_is_refused_with_one_line_and_leaves_nothing(
    caller: Caller, junk: bytes, traces: Callable[[], object]
) -> None:
    to_confirm(caller)
    before = traces()

    answer = caller.send(junk)

    assert answer.status == 400
    assert answer.body
    assert b"\n" not in answer.body
    assert traces() == before


@FUZZ
@given(noise=st.binary(max_size=60), place=st.integers(0, 200))
def test_bytes_in_the_wrong_place_are_understood_or_refused(
    caller: Caller, noise: bytes, place: int
) -> None:
    if caller.turn is None:
        caller.dial()
    sent = caller.sent[:place] + noise + caller.sent[place:]

    answer = caller.send(sent)

    assert answer.status in (200, 400)
    assert answer.status == 400 or b"wrong on our side" not in answer.body


def test_fields_that_are_too_long_are_refused(caller: Caller, traces: Callable[[], object]) -> None:
    caller.dial()
    assert caller.turn is not None
    fields, before = caller.wire.fields(caller.turn), traces()
    long = {name: "1" * 2000 if isinstance(value, str) else value for name, value in fields.items()}

    assert caller.send(caller.wire.body(long)).status == 400
    assert traces() == before


@pytest.mark.parametrize("length", [str(LARGE), ""])
def test_more_than_64_kib_is_refused_whether_its_length_is_told_or_not(
    caller: Caller, length: str, traces: Callable[[], object]
) -> None:
    before = traces()

    assert caller.wire.send(caller.app, b"1" * LARGE, CONTENT_LENGTH=length).status == 413
    assert traces() == before


@pytest.mark.parametrize("length", ["-1", "many", "1e3"])
def test_a_length_that_is_none_is_refused(caller: Caller, length: str) -> None:
    if caller.wire.method == "GET":
        pytest.skip("a GET has no body")

    assert caller.wire.send(caller.app, b"1" * LARGE, CONTENT_LENGTH=length).status == 400


def test_every_missing_field_is_noticed(caller: Caller) -> None:
    caller.dial()
    assert caller.turn is not None
    fields = caller.wire.fields(caller.turn)
    for name in fields:
        answer = caller.send(
            caller.wire.body({other: value for other, value in fields.items() if other != name})
        )
        assert answer.status == (200 if name in caller.wire.optional else 400), name


@pytest.mark.parametrize("number", ["+0711000001", "+", "+25471100000111122", "+25471 000"])
def test_a_number_without_its_country_is_refused(caller: Caller, number: str) -> None:
    caller.msisdn = number
    caller.ready_to_dial()

    assert caller.send().status == 400


def test_another_method_is_refused(caller: Caller) -> None:
    other = "GET" if caller.wire.method == "POST" else "POST"

    assert post(caller.app, caller.wire.path, b"", REQUEST_METHOD=other).status == 405


def test_a_wrong_key_or_address_finds_nothing(caller: Caller, traces: Callable[[], object]) -> None:
    caller.ready_to_dial()
    before, name = traces(), caller.wire.name

    for path in (
        f"/ussd/{name}/wrong",
        f"/ussd/{name}/",
        f"/ussd/{name}x/demo",
        f"/ussd/{name}/demo/more",
        f"/x/ussd/{name}/demo",
        f"/ussd/{name}/d\u00e9mo",
    ):
        assert caller.wire.send(caller.app, caller.sent, path).status == 404, path
    assert traces() == before

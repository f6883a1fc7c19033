"""One conformance kit, run against every aggregator's adapter on real Redis and PostgreSQL.

What is promised: a callback may come twice, ten times at once, late, cut or forged; an answer means
what the caller saw, and happens once. What cannot be promised where an aggregator tells too little
is in docs/decisions/0018.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis
from sqlalchemy import Engine, text

from core.gsm7 import septets
from gateway.ussd.aggregators import ADAPTERS
from gateway.ussd.drop_off import ends_on
from tests.gateway.ussd.conformance import CODE, WIRES, Caller, Hands, Wire
from tests.support.phone import post
from tests.support.toy_menu import AMINA, BARAKA, JUMA

Charged = Callable[[], list[tuple[str, str, int]]]
HOME = "CON Karibu Amina\n1 Pay\n2 What I owe\n3 Language"
AMOUNT = "CON M1001 owes KES 300.\nAmount?\n0 Back 00 Home"
CONFIRM = "CON KES 500 for M1001: loan KES 300, 5.0 kWh.\n1 Pay\n2 Change\n0 Back 00 Home"
PAID = "END Request 7 for M1001. Check your phone."
LOST = HOME.replace("Karibu", "Sorry, we lost our place.\nKaribu")
JUNK = [b"", b"\xff\xfe\x00", b"[]", b"null", b"7", b"{", b'{"a":' * 50, b"a=%ff", b"a=1&a=2"]
LARGE = 64 * 1024 + 1
# A clock that never moves between examples would make each one a repeat; noise never is one.
FUZZ = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def test_every_adapter_is_put_to_the_test() -> None:
    assert {wire.name for wire in WIRES} == ADAPTERS.keys()


@pytest.fixture(params=WIRES, ids=lambda wire: f"{wire.name}{'#' * wire.numbers}")
def wire(request: pytest.FixtureRequest) -> Wire:
    found: Wire = request.param
    return found


@pytest.fixture
def caller(wire: Wire, make_app: Any) -> Caller:
    hands = Hands()
    return Caller(wire, make_app(clock=hands), hands)


@pytest.fixture
def traces(redis: Redis, engine: Engine) -> Callable[[], object]:
    """Everything that a refused callback must leave as it was. Refusals themselves are counted."""

    def found() -> object:
        sessions = {key: redis.dump(key) for key in redis.keys("ussd:*")}
        with engine.begin() as connection:
            rows = [
                connection.execute(text(f"SELECT * FROM {table}")).all()
                for table in ("charged", "ussd_effects")
            ]
        return sessions, rows

    return found


def to_confirm(caller: Caller) -> None:
    assert caller.dial() == HOME
    assert caller.answer("1") == AMOUNT
    assert caller.answer("500") == CONFIRM


def dump(redis: Redis) -> bytes:
    """What Redis holds of sessions."""
    texts = [key for key in redis.keys("ussd:*") if redis.type(key) == b"string"]
    return b" ".join(redis.get(key) or b"" for key in texts)


# What people do ---------------------------------------------------------------------------------


def test_a_payment_walks_from_dial_to_prompt(caller: Caller, charged: Charged) -> None:
    to_confirm(caller)

    assert caller.answer("1") == PAID
    assert charged() == [(AMINA, "M1001", 50000)]


def test_the_same_key_pressed_twice_is_two_answers(caller: Caller) -> None:
    caller.dial()
    caller.answer("1")

    assert caller.answer("1").startswith("CON The least is KES 50.")


def test_a_star_inside_a_reply_does_not_split_it(caller: Caller, charged: Charged) -> None:
    caller.dial()
    caller.answer("1")

    assert caller.answer("5*0").startswith("CON Please type an amount")
    assert caller.answer("500") == CONFIRM
    assert caller.answer("1") == PAID
    assert charged() == [(AMINA, "M1001", 50000)]


def test_an_empty_reply_asks_again(caller: Caller) -> None:
    caller.dial()
    caller.answer("1")

    assert caller.answer("") == AMOUNT
    assert caller.answer("500") == CONFIRM


def test_a_long_dial_lands_on_the_confirmation(caller: Caller, charged: Charged) -> None:
    if not caller.wire.dialled:
        pytest.skip("this aggregator does not tell what was dialled")

    assert caller.dial("*384*96*1*M1001*500#") == CONFIRM
    assert charged() == []
    assert caller.answer("1") == PAID


def test_another_code_dialled_is_no_answer(caller: Caller) -> None:
    if caller.wire.has_history:
        pytest.skip("this aggregator tells the answers only")

    assert caller.dial("*999*1*1#") == HOME


def test_after_a_dropped_call_one_may_go_on(caller: Caller) -> None:
    to_confirm(caller)

    assert caller.dial() == "CON Your last call was cut off.\n1 Continue\n2 Start over"
    assert caller.answer("1") == CONFIRM
    assert caller.answer("1") == PAID


def test_a_session_id_used_again_after_the_end_starts_a_new_session(
    caller: Caller, charged: Charged
) -> None:
    for _ in range(2):
        assert caller.dial(session="again") == HOME
        caller.answer("1")
        caller.answer("500")
        assert caller.answer("1") == PAID

    assert len(charged()) == 2


def test_a_long_list_fits_the_screen(caller: Caller) -> None:
    baraka = caller.of(BARAKA)
    baraka.dial()
    screen = baraka.answer("2")
    assert "98 More" in screen
    while "98 More" in screen:
        assert septets(screen if caller.wire.has_history else screen.removeprefix("CON ")) <= 160
        screen = baraka.answer("98")


# What aggregators do ----------------------------------------------------------------------------


def test_every_callback_twice_gives_the_same_bytes_and_one_effect(
    caller: Caller, charged: Charged
) -> None:
    def twice(screen: str) -> str:
        first, again = caller.send(), caller.send()
        assert caller.screen(again) == screen
        assert (first.body, first.headers) == (again.body, again.headers)
        return screen

    twice(caller.dial())
    twice(caller.answer("1"))
    twice(caller.answer("500"))
    assert twice(caller.answer("1")) == PAID
    assert len(charged()) == 1


def test_ten_copies_at_once_are_one_at_every_step(caller: Caller, charged: Charged) -> None:
    def copies() -> set[str]:
        with ThreadPoolExecutor(10) as pool:
            return {caller.screen(answer) for answer in pool.map(caller.send, [caller.sent] * 10)}

    caller.ready_to_dial()
    assert copies() == {HOME}
    for typed, screen in (("1", AMOUNT), ("500", CONFIRM), ("1", PAID)):
        caller.type(typed)
        assert copies() == {screen}
    assert len(charged()) == 1


def test_a_callback_of_an_earlier_turn_never_moves_money(caller: Caller, charged: Charged) -> None:
    caller.dial()
    caller.answer("1")
    late = caller.sent
    assert caller.answer("500") == CONFIRM
    caller.hands.think()

    answer = caller.screen(caller.send(late))

    if caller.wire.numbers or caller.wire.has_history:
        assert answer == CONFIRM
        assert charged() == []
        assert caller.answer("1") == PAID
    assert len(charged()) <= 1


def test_callbacks_that_come_late_after_the_end_move_nothing(
    caller: Caller, charged: Charged
) -> None:
    caller.dial()
    sent = []
    for typed in ("1", "500", "1"):
        caller.answer(typed)
        sent.append(caller.sent)

    for late in sent:
        caller.hands.think()
        assert caller.send(late).status == 200

    assert len(charged()) == 1


def test_a_session_that_redis_lost_does_not_meet_its_own_old_effect(
    caller: Caller, redis: Redis, charged: Charged
) -> None:
    to_confirm(caller)
    assert caller.answer("1") == PAID
    redis.flushdb()

    screen = caller.answer("1")

    if caller.wire.has_history:  # which tells of the payment again, and pays nothing
        assert screen == PAID
        assert len(charged()) == 1
        return
    assert screen in (LOST, HOME)
    caller.answer("1")
    assert caller.answer("600").startswith("CON KES 600 for M1001")
    assert caller.answer("1") == PAID
    assert [minor for _, _, minor in charged()] == [50000, 60000]


def test_a_confirmation_is_never_assumed_where_redis_lost_the_session(
    caller: Caller, redis: Redis, charged: Charged
) -> None:
    to_confirm(caller)
    redis.flushdb()

    caller.answer("1")

    assert charged() == []


def test_the_end_of_a_session_is_counted_once_by_its_last_screen(
    caller: Caller, redis: Redis
) -> None:
    if caller.wire.ends is None:
        pytest.skip("this aggregator tells of no end, or tells it elsewhere")
    caller.dial()
    caller.answer("1")
    assert caller.turn is not None
    sent = caller.wire.body(caller.wire.ends(caller.turn))

    for _ in range(2):
        assert caller.send(sent).status == 200

    counted = ends_on(redis, datetime.now(UTC).date())
    assert [(screen, count) for (screen, _), count in counted.items()] == [("payment.amount", 1)]


def test_a_json_answer_is_json(caller: Caller) -> None:
    caller.dial(CODE)
    answer = caller.send()

    if caller.wire.is_json:
        assert answer.headers["Content-Type"] == "application/json"
        assert json.loads(answer.body)


# Secrets ----------------------------------------------------------------------------------------


def test_a_pin_is_kept_nowhere_and_a_repeat_of_it_is_known(
    caller: Caller, redis: Redis, charged: Charged
) -> None:
    juma = caller.of(JUMA)
    juma.dial()
    for typed in ("1", "M1001", "500"):
        juma.answer(typed)

    assert juma.answer("4321") == "END Taken: KES 500."
    assert juma.screen(juma.send()) == "END Taken: KES 500."
    assert len(charged()) == 1
    assert b"4321" not in dump(redis)


def test_a_pin_typed_at_a_session_that_redis_lost_is_kept_nowhere(
    caller: Caller, redis: Redis, charged: Charged
) -> None:
    juma = caller.of(JUMA)
    juma.dial()
    for typed in ("1", "M1001", "500"):
        juma.answer(typed)
    redis.flushdb()

    juma.answer("4321")

    assert b"4321" not in dump(redis)
    assert charged() == []


def test_a_forged_session_of_another_caller_shows_and_moves_nothing(
    caller: Caller, charged: Charged
) -> None:
    to_confirm(caller)

    forger = caller.of(BARAKA)
    forger.session, forger.history, forger.turn = caller.session, [*caller.history], caller.turn
    assert "M1001: loan" not in forger.answer("1")
    assert charged() == []
    assert caller.answer("1") == PAID
    assert charged() == [(AMINA, "M1001", 50000)]


# What strangers do ------------------------------------------------------------------------------


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

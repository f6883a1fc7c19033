"""One conformance kit, run against every aggregator's adapter on real Redis and PostgreSQL.

What is promised: a callback may come twice, ten times at once, late, cut or forged; an answer means
what the caller saw, and happens once. What cannot be promised where an aggregator tells too little
is in docs/decisions/0018.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from redis import Redis

from core.gsm7 import septets
from gateway.ussd.aggregators import ADAPTERS
from gateway.ussd.drop_off import ends_on
from tests.gateway.ussd.conformance import CODE, WIRES, Caller
from tests.gateway.ussd.pages import (
    AMOUNT,
    CONFIRM,
    HOME,
    LOST,
    PAID,
    Charged,
    stored_texts,
    to_confirm,
)
from tests.support.toy_menu import AMINA, BARAKA, JUMA


def test_every_adapter_is_put_to_the_test() -> None:
    assert {wire.name for wire in WIRES} == ADAPTERS.keys()


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
    assert b"4321" not in stored_texts(redis)


def test_a_pin_typed_at_a_session_that_redis_lost_is_kept_nowhere(
    caller: Caller, redis: Redis, charged: Charged
) -> None:
    juma = caller.of(JUMA)
    juma.dial()
    for typed in ("1", "M1001", "500"):
        juma.answer(typed)
    redis.flushdb()

    juma.answer("4321")

    assert b"4321" not in stored_texts(redis)
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

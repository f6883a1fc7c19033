"""Replay safety: whatever a callback does, an answer means what the caller saw, and once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from redis import Redis
from sqlalchemy import text

from core.unit import OpenUnit, Unit
from gateway.limits import Limits, SerialGuesses
from gateway.ussd.drop_off import drop_off
from tests.gateway.ussd.pages import (
    AMOUNT,
    CONFIRM,
    PAID,
    Charged,
    stored_texts,
    to_confirm,
)
from tests.support.phone import Phone, post
from tests.support.toy_menu import AMINA, BARAKA, JUMA


def test_a_payment_walks_from_dial_to_prompt(phone: Phone, charged: Charged) -> None:
    assert phone.dial() == "CON Karibu Amina\n1 Pay\n2 What I owe\n3 Language"
    assert phone.answer("1") == AMOUNT
    assert phone.answer("500") == CONFIRM
    assert phone.answer("1") == PAID
    assert charged() == [(AMINA, "M1001", 50000)]


def test_every_callback_twice_gives_the_same_bytes_and_one_effect(
    phone: Phone, charged: Charged
) -> None:
    def twice(send: Callable[[], Any]) -> Any:
        first, second = send(), send()
        assert (first.body, first.headers) == (second.body, second.headers)
        return second

    phone.deliver = twice

    to_confirm(phone)

    assert phone.answer("1") == PAID
    assert len(charged()) == 1


def test_a_repeated_1_is_not_taken_as_the_amount(phone: Phone) -> None:
    phone.dial()
    phone.answer("1")

    assert phone.send() == AMOUNT
    assert phone.answer("1").startswith("CON The least is KES 50.")


def test_a_star_inside_a_reply_does_not_split_it(phone: Phone, charged: Charged) -> None:
    phone.dial()
    phone.answer("1")

    assert phone.answer("5*0").startswith("CON Please type an amount")
    assert phone.answer("500") == CONFIRM
    assert phone.answer("1") == PAID
    assert charged() == [(AMINA, "M1001", 50000)]


def test_an_empty_reply_asks_again(phone: Phone) -> None:
    phone.dial()
    phone.answer("1")

    assert phone.answer("") == AMOUNT
    assert phone.answer("500") == CONFIRM


def test_a_late_repeat_of_an_earlier_callback_changes_nothing(phone: Phone) -> None:
    to_confirm(phone)
    whole = phone.text

    phone.text = "1"
    assert phone.send() == CONFIRM
    phone.text = whole
    assert phone.answer("1") == PAID


def test_a_text_that_does_not_follow_restarts_politely(phone: Phone, charged: Charged) -> None:
    to_confirm(phone)

    phone.text = "7*7*7*7"

    assert phone.send().startswith("CON Sorry, we lost our place.\nKaribu Amina\n1 Pay")
    assert charged() == []
    assert phone.answer("1") == AMOUNT


def test_a_session_id_used_again_after_the_end_starts_a_new_session(
    phone: Phone, charged: Charged
) -> None:
    to_confirm(phone)
    phone.answer("1")

    phone.text = ""
    assert phone.send().startswith("CON Karibu Amina")
    phone.answer("1")
    phone.answer("500")
    assert phone.answer("1") == PAID
    assert len(charged()) == 2


def test_a_forged_session_of_another_caller_shows_and_moves_nothing(
    phone: Phone, charged: Charged
) -> None:
    to_confirm(phone)

    stranger = phone.of("+254711999999")
    stranger.ussd_session, stranger.text = phone.ussd_session, f"{phone.text}*1"

    assert "M1001" not in stranger.send()
    assert charged() == []
    assert phone.answer("1") == PAID


def test_two_callbacks_at_once_win_once(phone: Phone, charged: Charged) -> None:
    to_confirm(phone)
    phone.text += "*1"

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: phone.callback().body, range(10)))

    assert set(answers) == {PAID.encode()}
    assert len(charged()) == 1


def test_digits_that_were_not_understood_are_not_kept(phone: Phone, redis: Redis) -> None:
    """An agent may type the PIN at any screen."""
    juma = phone.of(JUMA)
    first = juma.dial()
    assert juma.answer("4321").endswith(first.removeprefix("CON "))
    assert b"4321" not in stored_texts(redis)
    assert juma.send().startswith("CON")  # the same callback again is known

    juma.dial("4321*1")
    assert b"4321" not in stored_texts(redis)


def test_a_wrong_pin_is_refused_with_its_trace_and_never_stored(
    phone: Phone, redis: Redis, charged: Charged
) -> None:
    juma = phone.of(JUMA)
    juma.dial("1*M1001*500")

    assert juma.answer("9876").startswith("CON Wrong PIN, 2 left.\nYour PIN?")
    assert charged() == [("miss", "", 0)]
    assert juma.answer("12").startswith("CON A PIN has 4 to 6 digits.")
    assert b"9876" not in stored_texts(redis)
    assert juma.answer("4321") == "END Taken: KES 500."
    assert juma.send() == "END Taken: KES 500."
    assert b"4321" not in stored_texts(redis)


def test_three_wrong_pins_end_the_conversation_with_the_reason(phone: Phone) -> None:
    juma = phone.of(JUMA)
    juma.dial("1*M1001*500")
    juma.answer("1111")
    juma.answer("2222")

    assert juma.answer("3333") == (
        "END Wrong PIN, 2 left.\nLet us stop here. Please check and dial again."
    )


def test_a_language_chosen_is_spoken_at_once(phone: Phone) -> None:
    phone.dial()
    phone.answer("3")

    assert phone.answer("2") == "CON Habari Amina\n1 Lipa\n2 What I owe\n3 Language"


def test_after_a_dropped_call_one_may_go_on(phone: Phone, charged: Charged) -> None:
    to_confirm(phone)

    assert phone.dial() == "CON Your last call was cut off.\n1 Continue\n2 Start over"
    assert phone.answer("1") == CONFIRM
    assert phone.answer("1") == PAID
    assert phone.dial().startswith("CON Karibu Amina")
    assert len(charged()) == 1


def test_after_a_dropped_call_one_may_start_over(phone: Phone) -> None:
    to_confirm(phone)
    phone.dial()

    assert phone.answer("2").startswith("CON Karibu Amina")
    assert phone.dial().startswith("CON Karibu Amina")


def test_a_call_dropped_at_the_question_itself_is_asked_again(phone: Phone) -> None:
    to_confirm(phone)
    phone.dial()

    assert phone.dial().startswith("CON Your last call was cut off.")


def test_work_that_takes_too_long_is_answered_in_time_and_goes_on(
    phone: Phone, make_app: Any, open_unit: OpenUnit, charged: Charged
) -> None:
    may_commit = threading.Event()

    @contextmanager
    def slow_unit() -> Iterator[Unit]:
        with open_unit() as unit:
            yield unit
            may_commit.wait(30)

    to_confirm(phone)
    working = "END This takes a little longer. Dial again in a minute to see the result."
    with ThreadPoolExecutor(1) as pool:  # leaving it waits for the work
        phone.app = make_app(open_unit=slow_unit, pool=pool, deadline_s=0.05)
        assert phone.answer("1") == working
        assert charged() == []
        may_commit.set()

    assert len(charged()) == 1
    phone.app = make_app()
    assert phone.send() == working


def test_a_turn_that_meets_its_own_copy_waits_for_it(
    phone: Phone,
    make_app: Any,
    open_unit: OpenUnit,
    charged: Charged,
    wait_for_a_lock: Callable[[], None],
) -> None:
    to_confirm(phone)
    phone.text += "*1"
    has_met = threading.Event()

    @contextmanager
    def unit_that_commits_when_the_copy_is_there() -> Iterator[Unit]:
        with open_unit() as unit:
            yield unit
            if not has_met.is_set():
                wait_for_a_lock()
                has_met.set()

    phone.app = make_app(open_unit=unit_that_commits_when_the_copy_is_there)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: phone.callback().body, range(2)))

    assert answers == [PAID.encode()] * 2
    assert len(charged()) == 1


def test_something_broken_is_an_apology_and_the_callback_may_come_again(
    phone: Phone, make_app: Any, open_unit: OpenUnit, charged: Charged
) -> None:
    broken = True

    @contextmanager
    def failing_unit() -> Iterator[Unit]:
        with open_unit() as unit:
            yield unit
            if broken:
                raise RuntimeError("the database went away")

    to_confirm(phone)
    phone.app = make_app(open_unit=failing_unit)

    assert phone.answer("1").startswith("END Sorry, something went wrong on our side.")
    assert charged() == []
    broken = False
    assert phone.send() == PAID
    assert len(charged()) == 1


def test_a_connection_cut_before_the_commit_is_one_more_try(
    phone: Phone, make_app: Any, open_unit: OpenUnit, charged: Charged
) -> None:
    tried = []

    @contextmanager
    def cut_once() -> Iterator[Unit]:
        with open_unit() as unit:
            yield unit
            tried.append(unit)
            if len(tried) == 1:
                unit.connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    to_confirm(phone)
    phone.app = make_app(open_unit=cut_once)

    assert phone.answer("1") == PAID
    assert len(tried) == 2
    assert len(charged()) == 1


def test_a_caller_who_guesses_serials_is_held_back_for_a_while(make_app: Any, redis: Redis) -> None:
    app = make_app(guesses=SerialGuesses(Limits(redis)))
    baraka = Phone(app).of(BARAKA)
    for _ in range(20):
        assert "We do not know" in baraka.dial("1*M9999")

    confirm = CONFIRM.replace("M1001", "M2003")
    assert baraka.dial("1*M2003*500").startswith("CON Sorry")
    assert baraka.dial().startswith("CON Karibu")
    assert Phone(app).of(AMINA).dial("1*M2003*500") == confirm
    redis.delete(*redis.keys("limit:*"))
    assert baraka.dial("1*M2003*500") == confirm


def test_screens_are_counted_where_people_leave(phone: Phone, app: Any, redis: Redis) -> None:
    to_confirm(phone)
    phone.send()
    phone.of(BARAKA).dial()
    end = {"sessionId": phone.ussd_session, "phoneNumber": AMINA, "status": "Incomplete"}
    hops = {"hopsMetadata": "home.customer|payment.amount|payment.confirm"}
    for _ in range(2):
        post(app, f"{phone.path}/events", urlencode(end | hops).encode())

    today = datetime.now(UTC).date()
    counted = {
        screen.screen: screen for screen in drop_off(redis, [today, today - timedelta(days=1)])
    }

    assert {
        screen.screen: (screen.shown, screen.left, screen.share) for screen in counted.values()
    } == {
        "home.customer": (2, 1, 0.5),
        "payment.amount": (1, 0, 0.0),
        "payment.confirm": (1, 1, 1.0),
    }
    assert list(counted) == ["home.customer", "payment.confirm", "payment.amount"]
    assert counted["payment.confirm"].ended == {"Incomplete": 1}
    assert drop_off(redis, [today - timedelta(days=1)]) == []

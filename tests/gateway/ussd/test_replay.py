"""Several answers at once: a long dial, and a session that Redis lost and the text rebuilds."""

from __future__ import annotations

import pytest
from redis import Redis

from tests.gateway.ussd.pages import (
    AMOUNT,
    CONFIRM,
    PAID,
    Charged,
    stored_texts,
    to_confirm,
)
from tests.support.phone import Phone
from tests.support.toy_menu import AMINA, BARAKA, JUMA


@pytest.mark.parametrize(
    ("typed", "screen"),
    [
        ("1*M1001*500", CONFIRM),  # the device she has, though the list is passed over
        ("1*01234567890*500", CONFIRM.replace("M1001", "01234567890")),
        ("1*500", CONFIRM),
        ("1*m-2001", AMOUNT.replace("M1001", "M2001")),
        ("1*M1001*500*1", CONFIRM),  # nothing happens unseen
        ("9", "CON Please answer with a number of the list.\nKaribu Amina\n1 Pay\n2 What I owe"
              "\n3 Language"),
    ],
)  # fmt: skip
def test_a_long_dial_lands_where_its_answers_lead(
    phone: Phone, charged: Charged, typed: str, screen: str
) -> None:
    assert phone.dial(typed) == screen
    assert charged() == []


def test_a_long_dial_goes_on_like_any_session(phone: Phone, charged: Charged) -> None:
    phone.dial("1*M1001*500")

    assert phone.answer("1") == PAID
    assert charged() == [(AMINA, "M1001", 50000)]


def test_a_long_dial_of_a_customer_with_several_devices_names_one(phone: Phone) -> None:
    baraka = phone.of(BARAKA)

    assert baraka.dial("1*M2003*500") == CONFIRM.replace("M1001", "M2003")


def test_an_unknown_serial_in_a_long_dial_is_refused_where_it_was_typed(phone: Phone) -> None:
    baraka = phone.of(BARAKA)

    assert baraka.dial("1*M9999*500").startswith("CON We do not know that serial number.\nPay for?")


def test_a_long_dial_stops_before_the_pin(phone: Phone, redis: Redis, charged: Charged) -> None:
    juma = phone.of(JUMA)

    assert juma.dial("1*M1001*500*4321").startswith("CON Your PIN?")
    assert charged() == []
    assert b"4321" not in stored_texts(redis)


def test_a_lost_session_is_rebuilt_and_goes_on(
    phone: Phone, redis: Redis, charged: Charged
) -> None:
    to_confirm(phone)

    redis.flushdb()

    assert phone.answer("1") == CONFIRM  # a confirmation is asked again, never assumed
    assert phone.answer("1") == PAID
    assert len(charged()) == 1


def test_an_effect_that_was_done_before_redis_was_lost_is_answered_again(
    phone: Phone, redis: Redis, charged: Charged
) -> None:
    to_confirm(phone)
    phone.answer("1")

    redis.flushdb()

    assert phone.send() == PAID
    assert len(charged()) == 1


def test_a_pin_effect_that_was_done_is_answered_again_without_reading_the_pin(
    phone: Phone, redis: Redis, charged: Charged
) -> None:
    juma = phone.of(JUMA)
    juma.dial("1*M1001*500")
    assert juma.answer("4321") == "END Taken: KES 500."

    redis.flushdb()

    assert juma.send() == "END Taken: KES 500."
    assert len(charged()) == 1
    assert b"4321" not in stored_texts(redis)

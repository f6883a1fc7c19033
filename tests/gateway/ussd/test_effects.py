"""Effects and their keys: done once, and never met again by a later session with the same id."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from core.db.effects import EFFECT_LIFETIME
from core.money import Money
from core.unit import OpenUnit, Unit
from gateway.ussd.effects import find_step, last_position, last_step, run_once
from gateway.ussd_menus.effect import TURN_KEY, do
from gateway.ussd_menus.engine import Effect, Step
from gateway.ussd_menus.screen import HOME
from gateway.ussd_menus.session import EffectKey, UssdSession
from gateway.ussd_menus.turn import CallerContext
from tests.support.channels import CHANNELS
from tests.support.toy_menu import AMINA, MARKET, NOW, check_phone, request_payment, toy_menu

SESSION = "hubtel:7:+254711000001"
KEY = EffectKey(f"{SESSION}/0", 2)
MENU = toy_menu()
Charged = Callable[[], list[tuple[str, str, int]]]


def effect() -> Effect:
    paid = {"payer": AMINA, "serial": "M1001", "amount": Money(500, "KES")}
    return Effect(do(request_payment), paid, check_phone)


def run(
    open_unit: OpenUnit,
    effect: Effect,
    key: EffectKey = KEY,
    place: tuple[str, int] = (SESSION, 3),
) -> Step:
    """The step after the effect, done in a Unit of its own."""
    session = UssdSession("en", 156, key, ("home.customer",), {"serial": "M1001"})
    with CallerContext(AMINA, open_unit) as context:
        return run_once(MENU, session, effect, context, place)


def age(engine: Engine) -> None:
    """Let everything done so far be as old as a session can be."""
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE ussd_effects SET created_at = created_at - CAST(:kept AS interval)"),
            {"kept": EFFECT_LIFETIME + timedelta(seconds=1)},
        )


def test_an_effect_under_one_key_is_done_once(open_unit: OpenUnit, charged: Charged) -> None:
    first, again = (run(open_unit, effect()) for _ in range(2))

    assert first == again
    assert first.page is not None
    assert first.page.text == "Request 7 for M1001. Check your phone."
    assert first.session.effect_key == KEY.after
    assert len(charged()) == 1


def test_the_session_in_which_an_effect_is_asked_for_again_does_not_matter(
    open_unit: OpenUnit, charged: Charged
) -> None:
    first = run(open_unit, effect())

    again = run(open_unit, Effect(do(list), {}, HOME), place=("hubtel:8:+254711000001", 2))

    assert again == first
    assert len(charged()) == 1
    with open_unit() as unit:
        assert last_step(unit, SESSION, 9) == (3, first)
        assert last_step(unit, SESSION, 2) is None
        assert last_step(unit, "hubtel:8:+254711000001", 9) is None
        assert find_step(unit, KEY) == first
        assert find_step(unit, KEY.after) is None


def test_a_later_session_with_the_same_id_does_not_meet_an_old_effect(
    engine: Engine, open_unit: OpenUnit, charged: Charged
) -> None:
    run(open_unit, effect())
    age(engine)

    with open_unit() as unit:
        assert last_position(unit, SESSION) == 0
        assert find_step(unit, KEY) is None
    run(open_unit, effect(), place=(SESSION, 4))

    assert len(charged()) == 2
    with open_unit() as unit:
        assert last_position(unit, SESSION) == 4
    run(open_unit, effect())
    assert len(charged()) == 2


def test_what_names_an_effect_differs_for_a_later_session(engine: Engine) -> None:
    given: list[str] = []

    def remember(unit: Unit, once: str) -> None:
        given.append(once)

    for now in (NOW, NOW + EFFECT_LIFETIME + timedelta(seconds=1)):

        @contextmanager
        def open_unit(now: datetime = now) -> Iterator[Unit]:
            with engine.begin() as connection:
                yield Unit(connection, now, MARKET, channels=CHANNELS)

        run(open_unit, Effect(do(remember), {"once": TURN_KEY}, HOME))

    assert len(set(given)) == 2


def test_the_second_callback_waits_and_does_nothing(
    open_unit: OpenUnit, wait_for_a_lock: Callable[[], None]
) -> None:
    """Not even what a rule of the business would refuse by then."""
    done: list[str] = []

    def use_case(unit: Unit) -> dict[str, int]:
        done.append("done")
        return {"receipt": 8}

    def call() -> Step:
        return run(open_unit, Effect(do(use_case), {}, check_phone))

    @contextmanager
    def unit_that_waits_for_the_second() -> Iterator[Unit]:
        with open_unit() as unit:
            yield unit
            seconds.append(pool.submit(call))
            wait_for_a_lock()

    seconds: list[Future[Step]] = []
    with ThreadPoolExecutor(1) as pool:
        first = run(unit_that_waits_for_the_second, Effect(do(use_case), {}, check_phone))
        assert seconds[0].result(30) == first

    assert done == ["done"]


def test_an_effect_that_failed_leaves_no_key(open_unit: OpenUnit, charged: Charged) -> None:
    def fail(unit: Unit) -> None:
        raise RuntimeError("the process ends here")

    with pytest.raises(RuntimeError):
        run(open_unit, Effect(do(fail), {}, HOME))

    assert run(open_unit, effect()).page is not None
    assert len(charged()) == 1

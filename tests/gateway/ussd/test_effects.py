"""Effects and their keys: done once, and never met again by a later session with the same id."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from core.db.effects import EFFECT_LIFETIME
from core.money import Money
from core.unit import OpenUnit, Unit
from gateway.ussd.effects import last_position, run_once
from gateway.ussd_menus.effect import TURN_KEY, do
from gateway.ussd_menus.engine import Effect
from gateway.ussd_menus.screen import HOME
from tests.support.channels import CHANNELS
from tests.support.toy_menu import AMINA, MARKET, NOW, request_payment

KEY = "hubtel:7:+254711000001"
Charged = Callable[[], list[tuple[str, str, int]]]


def effect() -> Effect:
    return Effect(
        do(request_payment), {"payer": AMINA, "serial": "M1001", "amount": Money(500, "KES")}, HOME
    )


def age(engine: Engine) -> None:
    """Let everything done so far be as old as a session can be."""
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE ussd_effects SET created_at = created_at - CAST(:kept AS interval)"),
            {"kept": EFFECT_LIFETIME + timedelta(seconds=1)},
        )


def test_an_effect_under_one_key_is_done_once(open_unit: OpenUnit, charged: Charged) -> None:
    for _ in range(2):
        with open_unit() as unit:
            assert run_once(effect(), unit, KEY, 3) == {"receipt": 7}

    assert len(charged()) == 1


def test_a_later_session_with_the_same_id_does_not_meet_an_old_effect(
    engine: Engine, open_unit: OpenUnit, charged: Charged
) -> None:
    with open_unit() as unit:
        run_once(effect(), unit, KEY, 3)
    age(engine)

    with open_unit() as unit:
        assert last_position(unit, KEY) == 0
        run_once(effect(), unit, KEY, 3)

    assert len(charged()) == 2
    with open_unit() as unit:
        assert last_position(unit, KEY) == 3
        run_once(effect(), unit, KEY, 3)
    assert len(charged()) == 2


def test_what_names_an_effect_differs_for_a_later_session(engine: Engine) -> None:
    given: list[str] = []

    def remember(unit: Unit, once: str) -> None:
        given.append(once)

    for now in (NOW, NOW + EFFECT_LIFETIME + timedelta(seconds=1)):
        with engine.begin() as connection:
            unit = Unit(connection, now, MARKET, channels=CHANNELS)
            run_once(Effect(do(remember), {"once": TURN_KEY}, HOME), unit, KEY, 3)

    assert len(set(given)) == 2


def test_the_second_callback_waits_and_does_nothing(
    open_unit: OpenUnit, wait_for_a_lock: Callable[[], None]
) -> None:
    """Not even what a rule of the business would refuse by then."""
    done: list[str] = []

    def use_case(unit: Unit) -> dict[str, str]:
        done.append("done")
        return {"receipt": "7"}

    def call() -> dict[str, Any]:
        with open_unit() as unit:
            return dict(run_once(Effect(do(use_case), {}, HOME), unit, KEY, 3))

    with ThreadPoolExecutor(1) as pool:
        with open_unit() as unit:
            first = dict(run_once(Effect(do(use_case), {}, HOME), unit, KEY, 3))
            second = pool.submit(call)
            wait_for_a_lock()
        assert second.result(30) == first == {"receipt": "7"}

    assert done == ["done"]


def test_an_effect_that_failed_leaves_no_key(open_unit: OpenUnit, charged: Charged) -> None:
    def fail(unit: Unit) -> None:
        raise RuntimeError("the process ends here")

    with pytest.raises(RuntimeError), open_unit() as unit:
        run_once(Effect(do(fail), {}, HOME), unit, KEY, 3)

    with open_unit() as unit:
        assert run_once(effect(), unit, KEY, 3) == {"receipt": 7}
    assert len(charged()) == 1

"""One conversation, whatever breaks and whatever is typed in between: its payment happens once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from redis import ConnectionError as RedisAway
from redis import Redis

from core.unit import OpenUnit
from tests.gateway.ussd.pages import AMOUNT, CONFIRM, HOME, PAID, Charged
from tests.support.breaking_turns import CUT_OFF, BreakingRedis, LateExecutor
from tests.support.journeys import Stop, Stopped, stoppable_units
from tests.support.phone import Phone

STEPS = 14
TROUBLES = ("", "", "database", "redis", "redis away", "answer", "late")


class Troubled:
    """The toy menu behind parts that break when they are told to."""

    def __init__(self, redis: Redis, open_unit: OpenUnit, make_app: Any) -> None:
        self.redis, self.database = BreakingRedis(redis), Stop("before the database commits")
        self.pool = LateExecutor()
        self.phone = Phone(
            make_app(
                redis=self.redis,
                open_unit=stoppable_units(open_unit, self.database),
                pool=self.pool,
            )
        )

    @contextmanager
    def trouble(self, name: str) -> Iterator[None]:
        """The turn inside is broken in that way; "" for no trouble."""
        self.database.armed = name == "database"
        breaks: dict[str, BaseException] = {"redis": Stopped(), "redis away": RedisAway()}
        self.redis.break_before = breaks.get(name)
        self.redis.break_after = Stopped() if name == "answer" else None
        self.pool.late = name == "late"
        try:
            yield
        except Stopped:
            pass
        finally:
            self.database.armed = self.pool.late = False
            self.redis.break_before = self.redis.break_after = None
            if name == "late":
                self.pool.work()


def converse(troubled: Troubled, chance: random.Random) -> bool:
    """Pay, in one conversation with troubles; whether its end was reached, seen or not."""
    phone = troubled.phone
    page = phone.dial()
    if page.startswith(CUT_OFF):
        page = phone.answer("2")
    for _ in range(STEPS):
        typed = "500" if page == AMOUNT else "1"
        if chance.random() < 0.3 and page == CONFIRM:
            typed = chance.choice(["0", "2", "7", ""])
        shown = ""
        with troubled.trouble(chance.choice(TROUBLES)):
            shown = phone.answer(typed)
        if shown == PAID:
            return True
        if chance.random() < 0.2 and shown.startswith("CON "):
            assert phone.send() == shown
        if shown.startswith("CON ") and chance.random() < 0.8:
            page = "CON " + shown.split("\n", 1)[1] if "Please answer" in shown else shown
            continue
        page = phone.dial()
        if page == HOME:  # nothing is left to go on with
            return False
    return False


SEEDS = [pytest.param(seed, marks=pytest.mark.slow if seed > 7 else ()) for seed in range(60)]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_payment_of_one_conversation_happens_once(
    redis: Redis,
    open_unit: OpenUnit,
    make_app: Any,
    charged: Charged,
    seed: int,
) -> None:
    troubled, chance = Troubled(redis, open_unit, make_app), random.Random(seed)
    for _ in range(4):
        before = len(charged())

        ended = converse(troubled, chance)

        done = len(charged()) - before
        assert done == 1 if ended else done <= 1

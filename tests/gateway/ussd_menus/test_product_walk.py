"""Random callers in the whole menu, in every language and role.

A short walk is part of every run. `make walk` walks far (WALKS) and lists the screens that it never
reached.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)
from redis import Redis
from sqlalchemy import Connection

from gateway.ussd_menus.product import product_menu
from gateway.ussd_menus.screens import Route
from tests.support.walk_scenario import (
    CALLERS,
    LANGUAGES,
    NETWORKS,
    LogRecorder,
    WalkScenario,
    insert_walk_data,
)
from tests.support.walking import WalkCaller, likely_answers

WALKS = int(os.environ.get("WALKS", "0"))
# A walk that fails is printed as it was: making it shorter takes longer than reading it.
AS_WALKED = (Phase.explicit, Phase.reuse, Phase.generate)
SHORT = settings(max_examples=12, stateful_step_count=25, phases=AS_WALKED)
LONG = settings(max_examples=WALKS or 1, stateful_step_count=40, phases=AS_WALKED)

SUPPRESSED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
JUNK = st.one_of(
    st.sampled_from(
        ["", " ", "*", "5*0", "**", "0", "00", "98", "99", "000", "#", "-1", "+", "1 "]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30),
    st.text("0123456789", max_size=24),
    st.sampled_from(["9" * 160, "W" * 90, "ŵ" * 20, "a b " * 30, "LAMP100*500", "😀"]),
)


def _likely(data: Any, caller: WalkCaller) -> str:
    """One of the likely answers. It is drawn from a range that is always the same: the number of
    answers can depend on the length of a receipt, which no example undoes."""
    answers = likely_answers(caller)
    found: str = answers[data.draw(st.integers(0, 5039)) % len(answers)]
    return found


@pytest.fixture(autouse=True)
def locks_are_taken_in_order() -> None:
    """Not watched here: all walks share one transaction, which is rolled back."""


class MenuWalk(RuleBasedStateMachine):
    """Several callers with a phone each, who type likely and unlikely answers."""

    def __init__(self, connection: Connection, redis: Redis, reached: Counter[str]) -> None:
        super().__init__()
        self.connection, self.redis, self.reached = connection, redis, reached
        self.savepoint = connection.begin_nested()
        self.log = LogRecorder()
        logging.getLogger().addHandler(self.log)

    @initialize(language=st.sampled_from(LANGUAGES), msisdn=st.sampled_from(CALLERS))
    def begin(self, language: str, msisdn: str) -> None:
        self.scenario = WalkScenario(self.connection, self.redis, language, self.log, self.reached)
        self.callers: dict[str, WalkCaller] = {}
        self.pick_up(msisdn, NETWORKS[0])

    def go_on(self, data: Any, steps: int) -> None:
        """Give likely answers, so that the walk gets somewhere."""
        for _ in range(steps):
            if self.caller.is_asked:
                self.caller.answer(_likely(data, self.caller))
            else:
                self.caller.dial()

    go_on_far = rule(data=st.data(), steps=st.integers(10, 40))(go_on)
    go_on_a_little = rule(data=st.data(), steps=st.integers(1, 5))(go_on)

    @rule(data=st.data())
    def go_on_and_lose_the_session(self, data: Any) -> None:
        if self.caller.is_asked:
            typed = _likely(data, self.caller)
            self.caller.forget()
            self.caller.answer(typed)

    @rule(data=st.data())
    def go_on_while_a_callback_is_lost(self, data: Any) -> None:
        if self.caller.is_asked:
            first = _likely(data, self.caller)
            self.caller.answer_twice_at_once(first, data.draw(st.sampled_from(["1", "2", "150"])))

    @rule(typed=JUNK)
    def answer_anything(self, typed: str) -> None:
        if self.caller.is_asked and not self.caller.hides_input:
            self.caller.answer(typed)

    @rule(
        typed=st.sampled_from(["", "1*LAMP100*150", "1*500", "3*01000000016*100", "1*1*1", "2*x"])
    )
    def dial(self, typed: str) -> None:
        self.caller.dial(typed)

    @rule()
    def repeat_the_callback(self) -> None:
        if self.caller.last:
            self.caller.repeat()

    @rule()
    def send_an_old_callback_late(self) -> None:
        if self.caller.last and self.caller.phone.text:
            self.caller.come_late()

    @rule()
    def lose_the_session(self) -> None:
        if self.caller.last:
            self.caller.lose()

    @rule(msisdn=st.sampled_from(CALLERS), network=st.sampled_from(NETWORKS))
    def pick_up(self, msisdn: str, network: str) -> None:
        if msisdn not in self.callers:
            self.callers[msisdn] = WalkCaller(self.scenario, msisdn, network)
        self.caller = self.callers[msisdn]

    @rule(minutes=st.sampled_from([1, 31, 60 * 24 * 30]))
    def wait(self, minutes: int) -> None:
        self.scenario.wait(minutes)

    @rule()
    def work(self) -> None:
        self.scenario.work()

    def teardown(self) -> None:
        try:
            for caller in getattr(self, "callers", {}).values():
                caller.go_home()
            if hasattr(self, "scenario"):
                self.scenario.check_database()
        finally:
            logging.getLogger().removeHandler(self.log)
            self.savepoint.rollback()


@pytest.fixture
def walk_data(rolled_back_engine: Any, redis: Redis) -> Iterator[Connection]:
    """One transaction with the data for all walks; it is rolled back."""
    with rolled_back_engine.connect() as connection, connection.begin() as outer:
        insert_walk_data(connection, redis)
        yield connection
        outer.rollback()


def _walk(connection: Connection, redis: Redis, how: settings) -> Counter[str]:
    reached: Counter[str] = Counter()
    run_state_machine_as_test(
        cast(type[MenuWalk], partial(MenuWalk, connection, redis, reached)),
        settings=settings(how, suppress_health_check=SUPPRESSED),
    )
    return reached


def test_every_check_holds_on_short_walks(walk_data: Connection, redis: Redis) -> None:
    assert _walk(walk_data, redis, SHORT)


@pytest.mark.skipif(not WALKS, reason="far walks need WALKS: make walk")
def test_every_check_holds_on_far_walks_and_every_screen_is_reached(
    walk_data: Connection, redis: Redis
) -> None:
    reached = _walk(walk_data, redis, LONG)

    screens = {
        screen.id for screen in product_menu().screens.values() if not isinstance(screen, Route)
    }
    print(f"{reached.total()} turns on {len(reached)} screens")
    missing = sorted(screens - reached.keys())
    assert not missing, f"never reached: {', '.join(missing)}"

"""A random caller at the toy menu: whatever is typed, what must hold at every step holds."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from core.errors import Refused
from core.gsm7 import is_gsm7, septets
from gateway.network_limits import PREFIX, SMALLEST_SCREEN
from gateway.ussd_menus.engine import Step, advance, finish, refuse, start
from gateway.ussd_menus.replay import expects_secret
from gateway.ussd_menus.session import EffectKey, UssdSession
from tests.support.toy_menu import AMINA, BARAKA, CHIDI, JUMA, NEEMA, context_of, toy_menu

MENU = toy_menu()
BUDGET = SMALLEST_SCREEN - PREFIX
PIN = "4321"
LIKELY = ["0", "00", "98", "1", "2", "3", "4", "500", "1,250", "20", "M1001", "m-2001", "", "5*0"]


class Caller(RuleBasedStateMachine):
    """Types likely and unlikely things; effects answer, refuse or refuse with a trace."""

    step: Step
    msisdn: str

    @initialize(msisdn=st.sampled_from([AMINA, BARAKA, CHIDI, JUMA, NEEMA]))
    def dial(self, msisdn: str) -> None:
        self.msisdn = msisdn
        self.step = start(MENU, context_of(msisdn), BUDGET, EffectKey(msisdn))

    @rule(typed=st.sampled_from([*LIKELY, PIN]), outcome=st.sampled_from(["done", "no", "trace"]))
    def answer_likely(self, typed: str, outcome: str) -> None:
        self._answer(typed, outcome)

    @rule(typed=st.text(max_size=40))
    def answer_anything(self, typed: str) -> None:
        self._answer(typed, "done")

    def _answer(self, typed: str, outcome: str) -> None:
        context = context_of(self.msisdn)
        session = UssdSession.from_json(json.loads(json.dumps(self.step.session.to_json())))
        assert session == self.step.session
        if typed == PIN and not expects_secret(MENU, session):
            return  # anywhere else it would be an amount like any other
        step = advance(MENU, session, typed, context)
        if step.effect:
            step = self._outcome(step, outcome)
        self.step = step

    def _outcome(self, step: Step, outcome: str) -> Step:
        context = context_of(self.msisdn)
        assert step.effect is not None
        if outcome == "no":
            return refuse(MENU, step.session, Refused("unknown_serial"))
        answers: dict[str, Any] = {
            "request_payment": {"receipt": 9999},
            "set_language": {"language": "sw"},
        }
        done = answers.get(step.effect.do.name, {})
        if outcome == "trace":
            done = {"refused": "wrong_pin", "left": 1}
        return finish(MENU, step.session, step.effect, done, context)

    @invariant()
    def the_page_fits_and_is_gsm7(self) -> None:
        page = self.step.page
        assert page is not None
        assert is_gsm7(page.text)
        assert 0 < septets(page.text) <= BUDGET
        assert not page.text.startswith((" ", "\n"))

    @invariant()
    def there_is_a_way_out(self) -> None:
        page = self.step.page
        assert page is not None
        keys = [line.split(" ")[0] for line in page.text.split("\n")]
        assert page.ends or set(keys) & {"0", "1", "98"}

    @invariant()
    def no_secret_is_kept(self) -> None:
        assert PIN not in json.dumps(self.step.session.to_json())

    @invariant()
    def the_way_back_is_short_and_known(self) -> None:
        trail = self.step.session.trail
        assert len(set(trail)) == len(trail) <= 8
        assert set(trail) <= MENU.screens.keys()


Caller.TestCase.settings = settings(
    max_examples=150, stateful_step_count=25, suppress_health_check=[HealthCheck.too_slow]
)
TestCaller = Caller.TestCase

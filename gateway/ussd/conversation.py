"""One callback, start to end: read the session, understand the text, play the turn, keep it.

The order is what makes it safe. The effect and its outcome commit in the database first, then the
session in Redis, then the caller hears of it; a process that dies anywhere in between leaves a
callback that can come again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy.exc import IntegrityError

from core.errors import BrokenInvariant, Refused
from core.unit import OpenUnit
from core.wording.messages import engine as say
from gateway.ussd.deadline import Race, answer_within
from gateway.ussd.effects import done_before, run_once
from gateway.ussd.request import UssdReply, UssdRequest
from gateway.ussd.sessions import Kept, SessionStore, answers_in
from gateway.ussd_menus.carried import Json
from gateway.ussd_menus.engine import Step, advance, finish, refuse, start
from gateway.ussd_menus.menu import Menu
from gateway.ussd_menus.replay import MASK, hidden, replay
from gateway.ussd_menus.session import Dropped
from gateway.ussd_menus.turn import Facts, Guesses

DEADLINE_S = 2.5  # Africa's Talking waits 10 s, and the caller's network may wait less


@dataclass(frozen=True)
class Conversation:
    """What answers callbacks: a menu, the sessions, the database and the time there is.

    `ring` is called after an effect has been committed: it may have left work for somebody.
    """

    menu: Menu
    sessions: SessionStore
    open_unit: OpenUnit
    pool: Executor
    deadline_s: float = DEADLINE_S
    ring: Callable[[], None] = lambda: None
    guesses: Guesses | None = None

    def answer(self, request: UssdRequest) -> UssdReply:
        """The reply to this callback; the same bytes again for the same callback."""
        kept, dropped = self.sessions.load(request)
        if kept and kept.repeats(request.text):
            return kept.reply
        language = kept.session.language if kept else self.menu.speech
        return answer_within(
            self.pool,
            self.deadline_s,
            lambda race: self._turn(request, kept, dropped, race),
            lambda: self._working(language),
        )

    def trouble(self) -> UssdReply:
        """What to say when something of ours is broken."""
        text = self.menu.wording.say(say.trouble(), self.menu.speech)
        return UssdReply(text, True, "engine.trouble")

    def _working(self, language: str) -> UssdReply:
        return UssdReply(self.menu.wording.say(say.working(), language), True, "engine.working")

    def _turn(
        self, request: UssdRequest, kept: Kept | None, dropped: Dropped | None, race: Race
    ) -> UssdReply:
        try:
            played = self._play(request, kept, dropped)
        except IntegrityError:  # the same turn was being played elsewhere, and is done by now
            played = self._play(request, kept, dropped)
        if not race.first("work"):
            played = replace(played, reply=self._working(played.session.language))
        return self.sessions.commit(request, played, kept.version if kept else 0).reply

    def _play(self, request: UssdRequest, kept: Kept | None, dropped: Dropped | None) -> Kept:
        """The turn, with its effect committed, or refused and rolled back."""
        heard: Heard | None = None
        try:
            with self._facts(request) as facts:
                heard = self._hear(request, kept, dropped, facts)
                step = self._act(request, heard, facts)
        except Refused as refused:
            if heard is None:
                raise
            step = refuse(self.menu, heard.step.session, refused)
        if step.page is None:
            raise BrokenInvariant("a turn ended without a page")
        if heard.step.effect:
            self.ring()
        reply = UssdReply(step.page.text, step.page.ends, step.page.screen)
        version = kept.version + 1 if kept else 1
        return Kept(step.session, heard.text, reply, version, heard.offset)

    def _facts(self, request: UssdRequest) -> Facts:
        return Facts(request.msisdn, self.open_unit, request.network, self.guesses)

    def _hear(
        self, request: UssdRequest, kept: Kept | None, dropped: Dropped | None, facts: Facts
    ) -> Heard:
        """What the text of this callback means, given where the conversation is."""
        menu, text, budget = self.menu, request.text, self.menu.budget(request.network)
        if kept is None:
            if not text:
                return Heard(start(menu, facts, budget, dropped), "", 0)
            return Heard(*replay(menu, text, facts, budget, partial(self._done, request, facts)), 0)
        typed = None if kept.reply.ends else kept.follows(text)
        if typed is None:
            step = start(menu, facts, budget, note=say.lost_step() if text else None)
            return Heard(step, MASK * len(text), kept.answers)
        before = text[: len(text) - len(typed)]
        seen = kept.text + before[len(kept.text) :] + hidden(menu, kept.session, typed)
        return Heard(advance(menu, kept.session, typed, facts), seen, kept.offset)

    def _act(self, request: UssdRequest, heard: Heard, facts: Facts) -> Step:
        """Run the effect, if the answer has one, and go on from its outcome."""
        step = heard.step
        if step.effect is None:
            return step
        position = heard.offset + answers_in(request.text)
        outcome = run_once(step.effect, facts.unit, request.key, position)
        facts.forget()
        return finish(self.menu, step.session, step.effect, outcome, facts)

    def _done(self, request: UssdRequest, facts: Facts, position: int) -> Mapping[str, Json] | None:
        return done_before(facts.unit, request.key, position)


@dataclass(frozen=True, slots=True)
class Heard:
    """What a text meant: the step, the text as it may be kept, the answers given before it."""

    step: Step
    text: str
    offset: int

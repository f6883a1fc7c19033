"""One callback, start to end: read the session, understand the callback, play the turn, keep it.

The order is what makes it safe. The effect and its outcome commit in the database first, then the
session in Redis, then the caller hears of it; a process that dies anywhere in between leaves a
callback that can come again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from sqlalchemy.exc import DBAPIError, IntegrityError

from core.clock import Clock, system_clock
from core.errors import BrokenInvariant, Refused
from core.unit import OpenUnit
from core.wording.messages import engine as messages
from gateway.ussd.classify import Meaning, Sense, meaning
from gateway.ussd.deadline import Race, answer_within
from gateway.ussd.effects import done_before, last_position, run_once
from gateway.ussd.request import Told, UssdReply, UssdRequest
from gateway.ussd.sessions import Kept, SessionStore, answers_in
from gateway.ussd_menus.engine import Step, advance, finish, refuse, start
from gateway.ussd_menus.menu import Menu
from gateway.ussd_menus.replay import hidden, masked, replay
from gateway.ussd_menus.session import Dropped
from gateway.ussd_menus.session_vars import Json
from gateway.ussd_menus.turn import Facts, Guesses

DEADLINE_S = 2.5  # Africa's Talking waits 10 s, and the caller's network may wait less


@dataclass(frozen=True)
class Conversation:
    """What answers callbacks: a menu, the sessions, the database and the time there is.

    Screens read in `open_read_only_unit` Units, effects act in `open_unit` ones. `wake` is called
    after an effect has been committed: it may have left work for a worker.
    """

    menu: Menu
    sessions: SessionStore
    open_unit: OpenUnit
    open_read_only_unit: OpenUnit
    pool: Executor
    deadline_s: float = DEADLINE_S
    wake: Callable[[], None] = lambda: None
    guesses: Guesses | None = None
    clock: Clock = system_clock

    def answer(self, request: UssdRequest) -> UssdReply:
        """The reply to this callback; the same bytes again for the same callback."""
        kept, dropped = self.sessions.load(request)
        means = meaning(request, kept, self.clock())
        if kept and means.sense is Sense.REPEAT:
            return kept.reply
        language = kept.session.language if kept else self.menu.speech
        call = Call(request, means, kept, dropped)
        return answer_within(
            self.pool,
            self.deadline_s,
            lambda race: self._turn(call, race),
            lambda: self._working(language),
        )

    def trouble(self) -> UssdReply:
        """What to say when something of ours is broken."""
        text = self.menu.wording.render(messages.internal_error(), self.menu.speech)
        return UssdReply(text, True, "engine.internal_error")

    def _working(self, language: str) -> UssdReply:
        return UssdReply(
            self.menu.wording.render(messages.still_working(), language),
            True,
            "engine.still_working",
        )

    def _turn(self, call: Call, race: Race) -> UssdReply:
        try:
            played = self._play(call)
        except DBAPIError as error:
            # Somebody else's turn took the same number or serial just now, or the connection was
            # cut. A turn may always be played again: what it did, if it did, is found by its key.
            if not (isinstance(error, IntegrityError) or error.connection_invalidated):
                raise
            played = self._play(call)
        if not race.first("work"):
            played = replace(played, reply=self._working(played.session.language))
        version = call.kept.version if call.kept else 0
        answered = call.kept.reply.screen if call.kept and call.means.sense is Sense.NEXT else ""
        return self.sessions.commit(call.request, played, version, answered).reply

    def _play(self, call: Call) -> Kept:
        """The turn, with its effect committed, or refused and rolled back."""
        request, heard = call.request, None
        try:
            with self._facts(request, self.open_read_only_unit) as facts:
                heard = self._hear(call, facts)
            step = self._act(call, heard)
        except Refused as refused:
            if heard is None:
                raise
            step = refuse(self.menu, heard.step.session, refused)
        if step.page is None:
            raise BrokenInvariant("a turn ended without a page")
        if heard.step.effect:
            self.wake()
        return Kept(
            session=step.session,
            text=heard.text,
            reply=UssdReply(step.page.text, step.page.ends, step.page.screen),
            version=call.kept.version + 1 if call.kept else 1,
            offset=heard.offset,
            last=heard.last,
            turn=request.turn,
            at=self.clock(),
        )

    def _hear(self, call: Call, facts: Facts) -> Heard:
        """What this callback leads to, given where the conversation is."""
        menu, kept, text, room = self.menu, call.kept, call.means.text, call.request.room
        if kept and call.means.sense is Sense.NEXT:
            typed = call.means.typed
            before = text[: len(text) - len(typed)]
            last = hidden(menu, kept.session, typed)
            seen = kept.text + before[len(kept.text) :] + last
            return Heard(advance(menu, kept.session, typed, facts), seen, kept.offset, last)
        # No question of ours is open, so whatever was typed may have been meant for a secret one.
        offset, last = call.offset(facts), masked(call.request.text)
        if call.means.sense is Sense.LOST:
            return Heard(
                start(menu, facts, room, note=messages.lost_place()), masked(text), offset, last
            )
        text = call.after_the_code(facts)
        if not text:
            return Heard(start(menu, facts, room, call.dropped), "", offset, last)

        def done(position: int) -> Mapping[str, Json] | None:
            return done_before(facts.unit, call.request.key, offset + position)

        step, seen = replay(menu, text, facts, room, done)
        return Heard(step, seen, offset, last)

    def _act(self, call: Call, heard: Heard) -> Step:
        """Run the effect, if the answer has one, and go on from its outcome in its transaction."""
        step = heard.step
        if step.effect is None:
            return step
        position = heard.offset + answers_in(call.means.text)
        with self._facts(call.request, self.open_unit) as facts:
            outcome = run_once(step.effect, facts.unit, call.request.key, position)
            return finish(self.menu, step.session, step.effect, outcome, facts)

    def _facts(self, request: UssdRequest, open_unit: OpenUnit) -> Facts:
        return Facts(request.msisdn, open_unit, request.network, self.guesses)


@dataclass(frozen=True, slots=True)
class Call:
    """A callback next to what is kept of its session."""

    request: UssdRequest
    means: Meaning
    kept: Kept | None
    dropped: Dropped | None

    def offset(self, facts: Facts) -> int:
        """The answers given under this session id before the conversation that starts now.

        A whole history numbers its answers itself, wherever what was kept of it is gone.
        """
        if self.kept:
            return self.kept.answers
        if self.request.told is Told.HISTORY:
            return 0
        return last_position(facts.unit, self.request.key)

    def after_the_code(self, facts: Facts) -> str:
        """What a dial carries besides the service code: `1*500` of `*384*96*1*500#`."""
        text = self.means.text
        if self.request.told is Told.HISTORY:
            return text
        code, dialled = facts.market.service_code.strip("*#"), text.strip("*#")
        return dialled.removeprefix(code + "*") if dialled.startswith(code + "*") else ""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a callback led to: the step, the history and the input as they may be kept, and the
    answers given before."""

    step: Step
    text: str
    offset: int
    last: str

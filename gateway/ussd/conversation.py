"""One callback from start to end: load the session, classify the callback, play the turn, store it.

The order makes it safe. The effect and its outcome are committed in the database first, then the
session is stored in Redis, then the caller is answered. A process that dies in between leaves a
callback that can come again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy.exc import DBAPIError, IntegrityError

from core.clock import Clock, system_clock
from core.errors import BrokenInvariant, Refused
from core.unit import OpenUnit
from core.wording.message import BoundMessage
from core.wording.messages import engine as messages
from gateway.serving.deadline import Deadline, TooLate
from gateway.serving.patience import met_a_lock
from gateway.ussd.classify import CallbackKind, Classified, classify
from gateway.ussd.effects import find_step, last_position, last_step, run_once
from gateway.ussd.request import TextMode, UssdReply, UssdRequest
from gateway.ussd.sessions import Loaded, SessionStore, StoredSession, answers_in
from gateway.ussd_menus.engine import Step, advance, chooses_resume, refuse, start
from gateway.ussd_menus.menu import Menu
from gateway.ussd_menus.replay import mask, mask_answer, replay
from gateway.ussd_menus.session import EffectKey, InterruptedSession
from gateway.ussd_menus.turn import CallerContext, Guesses

DEADLINE_S = 2.5  # Africa's Talking waits 10 s, and the caller's network may wait less


class RowLocked(Exception):
    """A row that the turn needs is held. It did nothing and may be played again."""


@dataclass(frozen=True)
class Conversation:
    """Answers callbacks with a menu, the stored sessions and the database.

    Screens read in `open_read_only_unit` Units, effects act in `open_unit` Units.
    """

    menu: Menu
    sessions: SessionStore
    open_unit: OpenUnit
    open_read_only_unit: OpenUnit
    guesses: Guesses | None = None
    clock: Clock = system_clock

    def answer(self, request: UssdRequest, deadline: Deadline) -> UssdReply:
        """The reply to this callback; the same bytes again for the same callback. A turn that has
        not begun to act at the deadline never does. Raises RowLocked."""
        key = self.sessions.key(request.name)
        turn = self.begin(request, key, self.sessions.load(request), deadline)
        if isinstance(turn, UssdReply):
            return turn
        try:
            return self._answer_turn(turn)
        except TooLate:
            return self.late_reply(deadline)

    def begin(
        self, request: UssdRequest, key: str, loaded: Loaded, deadline: Deadline
    ) -> TurnContext | UssdReply:
        """The turn that this callback is; its reply where it was answered before."""
        stored, interrupted = loaded
        classified = classify(request, stored, self.clock())
        if stored and classified.kind is CallbackKind.REPEAT:
            return stored.reply
        deadline.language = stored.session.language if stored else self.menu.default_language
        return TurnContext(request, key, classified, stored, interrupted, deadline)

    def late_reply(self, deadline: Deadline) -> UssdReply:
        """The reply at the deadline; where nothing is being done it says that nothing was."""
        message = messages.still_working() if deadline.is_acting else messages.busy()
        return self._final_reply(message, deadline.language or self.menu.default_language)

    def internal_error(self) -> UssdReply:
        """The reply when something on our side is broken."""
        return self._final_reply(messages.internal_error(), self.menu.default_language)

    def _final_reply(self, message: BoundMessage, language: str) -> UssdReply:
        text = self.menu.wording.render(message, language)
        return UssdReply(text, ends=True, screen=message.message.key)

    def _answer_turn(self, turn: TurnContext) -> UssdReply:
        try:
            played = self._play_turn(turn)
        except DBAPIError as error:
            turn.deadline.rest()
            if met_a_lock(error):
                raise RowLocked from error
            # Another turn took the same number or serial just now, or the connection was cut. A
            # turn may always be played again: an effect that was done is found by its key.
            if not (isinstance(error, IntegrityError) or error.connection_invalidated):
                raise
            played = self._play_turn(turn)
        if not turn.deadline.answers():
            if not turn.deadline.is_acting:
                raise TooLate
            played = self._answered_late(turn, played)
        return self.sessions.commit(
            turn.request, played, turn.version_read, turn.answered_screen
        ).reply

    def _answered_late(self, turn: TurnContext, played: StoredSession) -> StoredSession:
        """The session whose caller did not see this turn, and may resume before it: what the turn
        did is shown then."""
        left = turn.stored.interrupted if turn.stored else None
        return replace(
            played,
            reply=self._final_reply(messages.still_working(), played.session.language),
            session=replace(played.session, interrupted=left),
        )

    def _play_turn(self, turn: TurnContext) -> StoredSession:
        """The session after this turn, with its effect committed, or refused and rolled back."""
        request, interpreted = turn.request, None
        try:
            with self._open_context(request, self.open_read_only_unit) as context:
                interpreted = self.interpret(turn, context)
            step = self._run_effect(turn, interpreted)
        except Refused as refused:
            if interpreted is None:
                raise
            step = refuse(self.menu, interpreted.step.session, refused)
        return self.session_after(turn, interpreted, step)

    def session_after(
        self, turn: TurnContext, interpreted: Interpreted, step: Step
    ) -> StoredSession:
        """The session after a turn that ends with this step."""
        if step.page is None:
            raise BrokenInvariant("a turn ended without a page")
        return StoredSession(
            session=step.session,
            text=interpreted.text,
            reply=UssdReply(step.page.text, step.page.ends, step.page.screen),
            version=turn.version_read + 1,
            offset=interpreted.offset,
            last_input=interpreted.last_input,
            sequence=turn.request.sequence,
            answered_at=self.clock(),
            echo=turn.request.echo,
        )

    def interpret(self, turn: TurnContext, context: CallerContext) -> Interpreted:
        """The step that this callback leads to from the stored session."""
        if turn.stored and turn.classified.kind is CallbackKind.NEXT:
            return self._interpret_answer(turn.stored, turn.classified, context)
        menu, budget = self.menu, turn.request.budget
        # No question of ours is open, so the input may have been meant for a secret one.
        offset, last_input = turn.offset(context), mask(turn.request.text)
        key = EffectKey(f"{turn.key}/{offset}")
        if turn.classified.kind is CallbackKind.LOST:
            step = start(menu, context, budget, key, note=messages.lost_place())
            return Interpreted(step, mask(turn.classified.text), offset, last_input)
        text = turn.dialled_answers(context)
        if not text:
            step = start(menu, context, budget, key, turn.interrupted)
            return Interpreted(step, "", offset, last_input)
        done = last_step(context.unit, turn.key, offset + answers_in(text))
        if done is None or done[0] <= offset:
            done = offset, start(menu, context, budget, key)
        step, stored_text = replay(menu, text, context, done[1], done[0] - offset)
        return Interpreted(step, stored_text, offset, last_input)

    def _interpret_answer(
        self, stored: StoredSession, classified: Classified, context: CallerContext
    ) -> Interpreted:
        """The step after one more answer."""
        text, typed = classified.text, classified.typed
        before = text[: len(text) - len(typed)]
        step = self._outcome_of_interrupted(stored, typed, context) or advance(
            self.menu, stored.session, typed, context
        )
        last_input = mask_answer(self.menu, stored.session, typed, step)
        masked = stored.text + before[len(stored.text) :] + last_input
        return Interpreted(step, masked, stored.offset, last_input)

    def _outcome_of_interrupted(
        self, stored: StoredSession, typed: str, context: CallerContext
    ) -> Step | None:
        """What an interrupted session did without the caller seeing it, when it is continued."""
        interrupted = stored.session.interrupted
        if interrupted is None or not chooses_resume(stored.session, typed):
            return None
        return find_step(context.unit, interrupted.effect_key)

    def _run_effect(self, turn: TurnContext, interpreted: Interpreted) -> Step:
        """The step after the effect of the answer, if it has one, in the effect's transaction."""
        step = interpreted.step
        if step.effect is None:
            return step
        turn.deadline.start_acting()
        place = turn.key, interpreted.offset + answers_in(turn.classified.text)
        with self._open_context(turn.request, self.open_unit) as context:
            return run_once(self.menu, step.session, step.effect, context, place)

    def _open_context(self, request: UssdRequest, open_unit: OpenUnit) -> CallerContext:
        return CallerContext(request.msisdn, open_unit, request.network, self.guesses)


@dataclass(frozen=True, slots=True)
class TurnContext:
    """A callback, the key of its session, its classification and what is stored of its session."""

    request: UssdRequest
    key: str
    classified: Classified
    stored: StoredSession | None
    interrupted: InterruptedSession | None
    deadline: Deadline

    @property
    def version_read(self) -> int:
        """The version of the stored session; 0 where there is none."""
        return self.stored.version if self.stored else 0

    @property
    def answered_screen(self) -> str:
        """The id of the screen that this callback answers; "" where it answers none."""
        if self.stored is None or self.classified.kind is not CallbackKind.NEXT:
            return ""
        return self.stored.reply.screen

    def offset(self, context: CallerContext) -> int:
        """The number of answers given under this session id before the conversation that starts
        now. A cumulative text counts its own answers, even where nothing is stored."""
        if self.stored:
            return self.stored.answers
        if self.request.text_mode is TextMode.CUMULATIVE:
            return 0
        return last_position(context.unit, self.key)

    def dialled_answers(self, context: CallerContext) -> str:
        """What was dialled after the service code: `1*500` of `*384*96*1*500#`."""
        text = self.classified.text
        if self.request.text_mode is TextMode.CUMULATIVE:
            return text
        code, dialled = context.market.service_code.strip("*#"), text.strip("*#")
        return dialled.removeprefix(code + "*") if dialled.startswith(code + "*") else ""


@dataclass(frozen=True, slots=True)
class Interpreted:
    """What a callback led to: the step, the cumulative text and the last input as they may be
    stored (secrets masked), and the number of answers given before."""

    step: Step
    text: str
    offset: int
    last_input: str

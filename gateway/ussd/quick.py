"""Turns answered in the event loop: no thread is taken where nothing has to wait in one.

Most turns only show a screen: they need the session, a row or two, and to store the session. Those
are asked for without a thread, by the same conversation. Whatever else comes up (an effect, a
refusal to speak, a server that does not answer) is left to a thread, which begins again: until
the session is stored, nothing was done.
"""

from __future__ import annotations

import hashlib
from contextlib import nullcontext
from dataclasses import dataclass

from hiredis import ReplyError

from core.errors import Refused
from core.quick_reads import LinkDown as DatabaseDown
from core.quick_reads import NeedsThread, QuickReads
from gateway.serving.deadline import Deadline
from gateway.serving.redis_link import LinkDown, RedisLink
from gateway.ussd.conversation import Conversation, TurnContext
from gateway.ussd.drop_off import screens_key
from gateway.ussd.request import UssdReply, UssdRequest
from gateway.ussd.sessions import (
    COMMIT,
    StoredSession,
    commit_values,
    decode_loaded,
    decode_winner,
)
from gateway.ussd_menus.turn import CallerContext

# What a thread gives a second try, or an answer of its own.
_FOR_A_THREAD = (NeedsThread, DatabaseDown, LinkDown, ReplyError, Refused)
_COMMIT_SHA = hashlib.sha1(COMMIT.encode(), usedforsecurity=False).hexdigest()


class _NoGuesses:
    """Guesses are counted in Redis, one call after another: in a thread."""

    def check(self, msisdn: str) -> None:
        raise NeedsThread("guesses")

    def missed(self, msisdn: str) -> None:
        raise NeedsThread("guesses")


@dataclass(frozen=True)
class QuickTurns:
    """Plays the turns of a conversation through the links of an event loop."""

    conversation: Conversation
    redis: RedisLink
    reads: QuickReads

    async def ready(self) -> None:
        """Wait until turns can be answered, or a server cannot be reached."""
        await self.redis.ready()
        await self.reads.ready()

    async def answer(self, request: UssdRequest, deadline: Deadline) -> UssdReply | None:
        """The reply to this callback; None where a thread is to answer it. A turn that comes too
        late stores nothing."""
        try:
            return await self._answer(request, deadline)
        except _FOR_A_THREAD:
            return None

    async def _answer(self, request: UssdRequest, deadline: Deadline) -> UssdReply | None:
        sessions = self.conversation.sessions
        keys = sessions.keys(request)
        found = await self.redis.call("MGET", *keys)
        key = keys[0].removeprefix("ussd:")
        turn = self.conversation.begin(request, key, decode_loaded(found), deadline)
        if isinstance(turn, UssdReply):
            return turn
        played = await self._play(turn)
        if played is None or not deadline.answers():
            return None
        return (await self._commit(keys, turn, played)).reply

    async def _play(self, turn: TurnContext) -> StoredSession | None:
        """The session after this turn; None where the turn has an effect."""
        quick = await self.reads.open()
        context = CallerContext(
            turn.request.msisdn,
            lambda: nullcontext(quick.unit),
            turn.request.network,
            self.conversation.guesses and _NoGuesses(),
        )
        interpreted = await quick.read(lambda: self.conversation.interpret(turn, context))
        if interpreted.step.effect is not None:
            return None
        return self.conversation.session_after(turn, interpreted, interpreted.step)

    async def _commit(
        self, keys: tuple[str, str], turn: TurnContext, played: StoredSession
    ) -> StoredSession:
        values = commit_values(played, turn.version_read, turn.answered_screen)
        arguments = [
            "3",
            *keys,
            screens_key(played.answered_at.date()),
            *map(str, values),
        ]
        try:
            winner = await self.redis.call("EVALSHA", _COMMIT_SHA, *arguments)
        except ReplyError as error:
            if not str(error).startswith("NOSCRIPT"):
                raise
            winner = await self.redis.call("EVAL", COMMIT, *arguments)
        return decode_winner(winner, played)

    def close(self) -> None:
        self.redis.close()
        self.reads.close()

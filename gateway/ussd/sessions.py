"""USSD sessions in Redis, stored for as long as a network may continue them.

A turn costs one read and one write. The write is a compare-and-set on the version: of two callbacks
at the same time only one wins, and the other gets what the winner stored. A second key keeps an
unfinished conversation by phone number, so that a caller who was cut off can resume it. The same
write counts which screens are shown and answered.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from redis import Redis

from core.db.effects import EFFECT_LIFETIME
from core.pseudonym import Pseudonyms
from gateway.ussd.drop_off import ANSWERED, RETENTION_S, SHOWN, screens_key
from gateway.ussd.request import UssdReply, UssdRequest
from gateway.ussd_menus.replay import MASK
from gateway.ussd_menus.session import InterruptedSession, UssdSession

# As long as an effect counts as this session's: a session id that is used again is then either
# known here, with its number of answers, or has no old effects.
SESSION_TTL_S = int(EFFECT_LIFETIME.total_seconds())
RESUME_TTL_S = 600

# KEYS session, resume, screens; ARGV version read, new value, its TTL, resume value or "", its TTL,
# screen that was answered or "", screen shown if it asks or "", TTL of the counts.
COMMIT = """
local stored = redis.call('GET', KEYS[1])
if stored and string.match(stored, '^%d+') ~= ARGV[1] then return stored end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
if ARGV[4] == '' then redis.call('DEL', KEYS[2])
else redis.call('SET', KEYS[2], ARGV[4], 'EX', ARGV[5]) end
if ARGV[6] ~= '' then redis.call('HINCRBY', KEYS[3], ARGV[6], 1) end
if ARGV[7] ~= '' then redis.call('HINCRBY', KEYS[3], ARGV[7], 1) end
redis.call('EXPIRE', KEYS[3], ARGV[8])
return false
"""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session as stored in Redis.

    `text` is the last cumulative text, secrets masked. `offset` counts the answers given before the
    conversation was started again under the same session id. `last_input` (masked), `sequence` and
    `answered_at` describe the last input by itself: its text, its number, when it was answered;
    `echo` is the value that its answer returned.
    """

    session: UssdSession
    text: str
    reply: UssdReply
    version: int = 0
    offset: int = 0
    last_input: str = ""
    sequence: int | None = None
    answered_at: datetime = _EPOCH
    echo: str = ""

    def repeats(self, text: str) -> bool:
        """Whether this cumulative text was answered already: the same one, or an earlier one."""
        if text == "":
            return not (self.text and self.reply.ends)  # after an end the id is used again
        is_ours = same_text(self.text[: len(text)], text)
        return is_ours and self.text[len(text) : len(text) + 1] in ("", "*")

    def answer_after(self, text: str) -> str | None:
        """The part of this cumulative text after ours, never split at *; None where it does not
        continue ours."""
        if not self.text:
            return text
        if same_text(self.text, text[: len(self.text)]) and text[len(self.text)] == "*":
            return text[len(self.text) + 1 :]
        return None

    @property
    def answers(self) -> int:
        """The number of answers given under this session id so far."""
        return self.offset + answers_in(self.text)

    @property
    def interrupted(self) -> InterruptedSession | None:
        """What a caller who is cut off now can resume: the conversation, if something was chosen or
        typed in it, or the one that the caller is asked to resume."""
        session = self.session
        if session.interrupted or not session.variables:
            return session.interrupted
        return InterruptedSession(
            session.trail, session.variables, session.effect_key, self.answered_at
        )


def answers_in(text: str) -> int:
    """The number of answers in a cumulative text. `offset` plus this is an effect's position."""
    return text.count("*") + 1 if text else 0


def same_text(stored: str, text: str) -> bool:
    """Whether the texts are equal; a masked character of `stored` equals any."""
    return len(stored) == len(text) and all(
        ours in (theirs, MASK) for ours, theirs in zip(stored, text, strict=True)
    )


Loaded = tuple[StoredSession | None, InterruptedSession | None]


class SessionStore:
    """Sessions by aggregator, session id and caller: a caller who forges another caller's session
    id finds nothing. No key holds a phone number."""

    def __init__(self, redis: Redis, pseudonyms: Pseudonyms) -> None:
        self._redis = redis
        self._pseudonyms = pseudonyms
        self._commit = redis.register_script(COMMIT)

    def key(self, session_name: str) -> str:
        """The key under which a session is stored, here and with its effects."""
        return f"{session_name.partition(':')[0]}:{self._pseudonyms.of(session_name)}"

    def load(self, request: UssdRequest) -> Loaded:
        """The session of this callback, and the interrupted session of this phone."""
        return decode_loaded(cast("list[bytes | None]", self._redis.mget(*self.keys(request))))

    def last_screen(self, session_name: str) -> str:
        """The id of the screen that this session showed last; "" where it is not known."""
        stored = cast("bytes | None", self._redis.get(f"ussd:{self.key(session_name)}"))
        return _decode_session(stored).reply.screen if stored else ""

    def commit(
        self,
        request: UssdRequest,
        session: StoredSession,
        version_read: int,
        answered: str = "",
    ) -> StoredSession:
        """Store this turn and return it, or return what another callback stored first.

        `answered` is the id of the screen that this turn answered, for the counts of drop_off.py.
        """
        keys = [*self.keys(request), screens_key(session.answered_at.date())]
        winner = self._commit(keys=keys, args=commit_values(session, version_read, answered))
        return decode_winner(cast("bytes | None", winner), session)

    def keys(self, request: UssdRequest) -> tuple[str, str]:
        """Where Redis has the session of this callback, and what this phone may resume."""
        phone = self._pseudonyms.of(f"{request.service_code}:{request.msisdn}")
        return f"ussd:{self.key(request.name)}", f"ussd:resume:{phone}"


def commit_values(session: StoredSession, version_read: int, answered: str) -> list[str | int]:
    """The arguments of COMMIT."""
    return [
        version_read,
        _encode_session(session),
        SESSION_TTL_S,
        *_encode_resume(session),
        answered and f"{answered} {ANSWERED}",
        "" if session.reply.ends else f"{session.reply.screen} {SHOWN}",
        RETENTION_S,
    ]


def decode_loaded(found: Sequence[bytes | None]) -> Loaded:
    """The values of both keys."""
    stored, resume = found
    return (
        _decode_session(stored) if stored else None,
        _decode_interrupted(resume) if resume else None,
    )


def decode_winner(winner: bytes | None, session: StoredSession) -> StoredSession:
    """What is stored after a commit: what another callback stored first, or this session."""
    return _decode_session(winner) if winner else session


def _encode_session(stored: StoredSession) -> str:
    reply = [stored.reply.text, stored.reply.ends, stored.reply.screen]
    at_ms = (stored.answered_at - _EPOCH) // _MILLISECOND
    last = [stored.last_input, stored.sequence, at_ms, stored.echo]
    value = [stored.text, stored.offset, reply, stored.session.to_json(), last]
    return f"{stored.version} {json.dumps(value, separators=(',', ':'))}"


def _decode_session(encoded: bytes) -> StoredSession:
    version, _, value = encoded.partition(b" ")
    text, offset, reply, session, (last_input, sequence, at_ms, *echo) = json.loads(value)
    return StoredSession(
        UssdSession.from_json(session),
        text,
        UssdReply(*reply),
        int(version),
        offset,
        last_input,
        sequence,
        _EPOCH + at_ms * _MILLISECOND,
        *echo,
    )


def _encode_resume(stored: StoredSession) -> list[str | int]:
    """What may be resumed as JSON, and for how many seconds; "" for nothing.

    A conversation that has ended is not resumed, unless its last answer came too late.
    """
    interrupted = stored.interrupted
    if interrupted is None or (stored.reply.ends and not stored.session.interrupted):
        return ["", 0]
    seconds = RESUME_TTL_S - (stored.answered_at - interrupted.left_at) // timedelta(seconds=1)
    if seconds <= 0:
        return ["", 0]
    return [json.dumps(interrupted.to_json()), seconds]


def _decode_interrupted(encoded: bytes) -> InterruptedSession:
    return InterruptedSession.from_json(json.loads(encoded))

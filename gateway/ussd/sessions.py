"""USSD sessions in Redis: where each conversation is, kept for as long as a network might go on.

One read and one write a turn. The write is a compare-and-set on the version: of two callbacks at
once only one wins, and the other is given what the winner stored. A second key remembers an
unfinished conversation by phone, so that somebody who was cut off can go on. The same write counts
the screens.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from redis import Redis

from core.db.effects import KEPT
from gateway.ussd.drop_off import ANSWERED, KEPT_S, SHOWN, screens_key
from gateway.ussd.request import UssdReply, UssdRequest
from gateway.ussd_menus.replay import MASK
from gateway.ussd_menus.session import Dropped, UssdSession

# As long as an effect counts as this session's: a session id that is used again is then either
# known here, with how many answers it had, or free of old effects.
SESSION_TTL_S = int(KEPT.total_seconds())
RESUME_TTL_S = 600

# KEYS session, resume, screens; ARGV version read, new value, its TTL, resume value or "", its TTL,
# screen that was answered or "", screen shown if it asks or "", TTL of the counts.
_COMMIT = """
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


_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Kept:
    """A conversation as stored. `text` is the last history seen, secrets masked; `offset` counts
    the answers given before the conversation was started over under the same session id. `last`,
    `turn` and `at` are the last input by itself (masked), its number, and when it was answered.
    """

    session: UssdSession
    text: str
    reply: UssdReply
    version: int = 0
    offset: int = 0
    last: str = ""
    turn: int | None = None
    at: datetime = _LONG_AGO

    def repeats(self, text: str) -> bool:
        """Whether this callback was answered before: the same text, or an earlier one come late."""
        if text == "":
            return not (self.text and self.reply.ends)  # after an end the id is used again
        is_ours = same_text(self.text[: len(text)], text)
        return is_ours and self.text[len(text) : len(text) + 1] in _CUT

    def follows(self, text: str) -> str | None:
        """What was typed since, never split again; None when the text does not follow ours."""
        if not self.text:
            return text
        if same_text(self.text, text[: len(self.text)]) and text[len(self.text)] == "*":
            return text[len(self.text) + 1 :]
        return None

    @property
    def answers(self) -> int:
        """Answers given under this session id so far."""
        return self.offset + answers_in(self.text)


_CUT = ("", "*")


def answers_in(text: str) -> int:
    """How many answers a cumulative text holds: with `offset` the key of an effect's turn."""
    return text.count("*") + 1 if text else 0


def same_text(kept: str, text: str) -> bool:
    """Equality, where a masked character equals any."""
    return len(kept) == len(text) and all(a in (b, MASK) for a, b in zip(kept, text, strict=True))


class SessionStore:
    """Sessions by aggregator, session id and caller; another caller's forged id finds nothing."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._commit = redis.register_script(_COMMIT)

    def load(self, request: UssdRequest) -> tuple[Kept | None, Dropped | None]:
        """The conversation, and the one this phone was cut off from, if it was."""
        keys = _session_key(request), _resume_key(request)
        stored, resume = cast("list[bytes | None]", self._redis.mget(*keys))
        return _kept(stored) if stored else None, _dropped(resume) if resume else None

    def last_screen(self, session_key: str) -> str:
        """The id of the screen that session showed last; empty where it is not known."""
        stored = cast("bytes | None", self._redis.get(f"ussd:{session_key}"))
        return _kept(stored).reply.screen if stored else ""

    def commit(
        self, request: UssdRequest, kept: Kept, version_read: int, answered: str = ""
    ) -> Kept:
        """Store this turn, or hand back what another callback stored first.

        `answered` is the screen this turn answered, for those who count where people give up.
        """
        keys = [_session_key(request), _resume_key(request), screens_key(kept.at.date())]
        values: list[str | int] = [version_read, _stored(kept), SESSION_TTL_S]
        values += [_resumable(kept), RESUME_TTL_S]
        values += [answered and f"{answered} {ANSWERED}"]
        values += ["" if kept.reply.ends else f"{kept.reply.screen} {SHOWN}", KEPT_S]
        winner = cast("bytes | None", self._commit(keys=keys, args=values))
        return _kept(winner) if winner else kept


def _session_key(request: UssdRequest) -> str:
    return f"ussd:{request.key}"


def _resume_key(request: UssdRequest) -> str:
    return f"ussd:resume:{request.service_code}:{request.msisdn}"


def _stored(kept: Kept) -> str:
    reply = [kept.reply.text, kept.reply.ends, kept.reply.screen]
    last = [kept.last, kept.turn, (kept.at - _LONG_AGO) // _MILLISECOND]
    value = [kept.text, kept.offset, reply, kept.session.to_json(), last]
    return f"{kept.version} {json.dumps(value, separators=(',', ':'))}"


def _kept(stored: bytes) -> Kept:
    version, _, value = stored.partition(b" ")
    text, offset, reply, session, (last, turn, at_ms) = json.loads(value)
    return Kept(
        UssdSession.from_json(session),
        text,
        UssdReply(*reply),
        int(version),
        offset,
        last,
        turn,
        _LONG_AGO + at_ms * _MILLISECOND,
    )


def _resumable(kept: Kept) -> str:
    """An unfinished conversation in which something was chosen or typed, as JSON; else ""."""
    session = kept.session
    if session.held:
        return json.dumps([session.held.trail, session.held.carried])
    if kept.reply.ends or not session.carried:
        return ""
    return json.dumps([session.trail, session.carried])


def _dropped(stored: bytes) -> Dropped:
    trail, carried = json.loads(stored)
    return Dropped(tuple(trail), carried)

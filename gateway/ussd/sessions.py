"""USSD sessions in Redis: where each conversation is, kept for as long as a network might go on.

One read and one write a turn. The write is a compare-and-set on the version: of two callbacks at
once only one wins, and the other is given what the winner stored. A second key remembers an
unfinished conversation by phone, so that somebody who was cut off can go on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import cast

from redis import Redis

from gateway.ussd.request import UssdReply, UssdRequest
from gateway.ussd_menus.replay import MASK
from gateway.ussd_menus.session import Dropped, UssdSession

SESSION_TTL_S = 300  # networks end a session after 180 s
RESUME_TTL_S = 600

# KEYS session, resume; ARGV version read, new value, its TTL, resume value or "", its TTL.
_COMMIT = """
local stored = redis.call('GET', KEYS[1])
if stored and string.match(stored, '^%d+') ~= ARGV[1] then return stored end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
if ARGV[4] == '' then redis.call('DEL', KEYS[2])
else redis.call('SET', KEYS[2], ARGV[4], 'EX', ARGV[5]) end
return false
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A conversation as stored. `text` is the last one seen, secrets masked; `offset` counts the
    answers given before the conversation was started over under the same session id."""

    session: UssdSession
    text: str
    reply: UssdReply
    version: int = 0
    offset: int = 0

    def repeats(self, text: str) -> bool:
        """Whether this callback was answered before: the same text, or an earlier one come late."""
        if text == "":
            return not (self.text and self.reply.ends)  # after an end the id is used again
        return _same(self.text[: len(text)], text) and self.text[len(text) : len(text) + 1] in _CUT

    def follows(self, text: str) -> str | None:
        """What was typed since, never split again; None when the text does not follow ours."""
        if not self.text:
            return text
        if _same(self.text, text[: len(self.text)]) and text[len(self.text)] == "*":
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


def _same(kept: str, text: str) -> bool:
    """Equality, where a masked character equals any."""
    return len(kept) == len(text) and all(a in (b, MASK) for a, b in zip(kept, text, strict=True))


class SessionStore:
    """Sessions by aggregator, session id and caller; another caller's forged id finds nothing."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._commit = redis.register_script(_COMMIT)

    def load(self, request: UssdRequest) -> tuple[Kept | None, Dropped | None]:
        """The conversation, or else the one this phone was cut off from."""
        keys = _session_key(request), _resume_key(request)
        stored, resume = cast("list[bytes | None]", self._redis.mget(*keys))
        if stored is not None:
            return _kept(stored), None
        return None, _dropped(resume) if resume is not None else None

    def commit(self, request: UssdRequest, kept: Kept, version_read: int) -> Kept:
        """Store this turn, or hand back what another callback stored first."""
        keys = [_session_key(request), _resume_key(request)]
        values: list[str | int] = [version_read, _stored(kept), SESSION_TTL_S]
        values += [_resumable(kept), RESUME_TTL_S]
        winner = cast("bytes | None", self._commit(keys=keys, args=values))
        return _kept(winner) if winner else kept


def _session_key(request: UssdRequest) -> str:
    return f"ussd:{request.key}"


def _resume_key(request: UssdRequest) -> str:
    return f"ussd:resume:{request.service_code}:{request.msisdn}"


def _stored(kept: Kept) -> str:
    reply = [kept.reply.text, kept.reply.ends, kept.reply.screen]
    value = [kept.text, kept.offset, reply, kept.session.to_json()]
    return f"{kept.version} {json.dumps(value, separators=(',', ':'))}"


def _kept(stored: bytes) -> Kept:
    version, _, value = stored.partition(b" ")
    text, offset, reply, session = json.loads(value)
    return Kept(UssdSession.from_json(session), text, UssdReply(*reply), int(version), offset)


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

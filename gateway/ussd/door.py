"""The hot door: `/ussd/<aggregator>/<key>` and its `/events`, as a bare WSGI callable.

It stands beside Flask because the framework, not the engine, would be the ceiling. Nothing a
stranger sends gives a 500: a wrong key is a 404, a large body 413, a malformed one 400 with a line
that says why, and whatever breaks behind it is an apology on the phone and an error in our log.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from redis import Redis, RedisError

from core.errors import BadCallback
from core.unit import OpenUnit
from gateway.doors import LARGEST_BODY
from gateway.ussd import africastalking as wire
from gateway.ussd.conversation import DEADLINE_S, Conversation
from gateway.ussd.drop_off import count_end
from gateway.ussd.sessions import SessionStore
from gateway.ussd_menus.menu import Menu
from gateway.ussd_menus.turn import Guesses

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

_PLAIN = [("Content-Type", "text/plain; charset=utf-8")]
logger = logging.getLogger(__name__)


def ussd_application(
    *,
    key: str,
    redis: Redis,
    open_unit: OpenUnit,
    menu: Menu,
    pool: Executor,
    ring: Callable[[], None] = lambda: None,
    deadline_s: float = DEADLINE_S,
    guesses: Guesses | None = None,
) -> WSGIApplication:
    """The door for Africa's Talking. Turns are played in threads of `pool`, which outlive a turn
    that was answered late.

    The key is the path's segment after the aggregator's name; the rest of the path before it is
    the mount's business.
    """
    conversation = Conversation(
        menu, SessionStore(redis), open_unit, pool, deadline_s, ring, guesses
    )
    return UssdDoor(key, redis, conversation)


class Answered(Exception):
    """The request is answered without looking further."""

    def __init__(self, status: str, line: str) -> None:
        super().__init__(status)
        self.status = status
        self.body = line.encode()


@dataclass(frozen=True)
class UssdDoor:
    """Routes by the last segments of the path: the key, then nothing or `events`."""

    key: str
    redis: Redis
    conversation: Conversation

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        try:
            answer = self._door(environ.get("PATH_INFO", ""))
            body, headers = answer(_body(environ))
            status = "200 OK"
        except Answered as early:
            status, body, headers = early.status, early.body, list(_PLAIN)
        except BadCallback as bad:
            status, body, headers = "400 Bad Request", str(bad).encode(), list(_PLAIN)
        start_response(status, [*headers, ("Content-Length", str(len(body)))])
        return [body]

    def _door(self, path: str) -> Callable[[bytes], tuple[bytes, list[tuple[str, str]]]]:
        segments = path.strip("/").split("/")
        if segments[-1] == "events":
            segments, door = segments[:-1], self._ended
        else:
            door = self._turn
        if not segments or not hmac.compare_digest(segments[-1].encode(), self.key.encode()):
            raise Answered("404 Not Found", "not found")
        return door

    def _turn(self, body: bytes) -> tuple[bytes, list[tuple[str, str]]]:
        request = wire.decode(body)
        try:
            reply = self.conversation.answer(request)
        except Exception:
            logger.exception("USSD turn failed: %r", request)
            reply = self.conversation.trouble()
        return wire.encode(reply)

    def _ended(self, body: bytes) -> tuple[bytes, list[tuple[str, str]]]:
        end = wire.decode_end(body)
        try:
            count_end(
                self.redis, end.ussd_session, end.screen, end.status, datetime.now(UTC).date()
            )
        except RedisError:
            logger.exception("end of session not counted")
        return b"", list(_PLAIN)


def _body(environ: dict[str, Any]) -> bytes:
    """The body of a POST. Raises Answered for another method or a body past the limit."""
    if environ["REQUEST_METHOD"] != "POST":
        raise Answered("405 Method Not Allowed", "POST only")
    try:
        length = int(environ.get("CONTENT_LENGTH") or LARGEST_BODY + 1)
    except ValueError:
        raise BadCallback("Content-Length is no number") from None
    if environ.get("CONTENT_LENGTH") and length > LARGEST_BODY:
        raise Answered("413 Content Too Large", "at most 64 KiB")
    body: bytes = environ["wsgi.input"].read(min(length, LARGEST_BODY + 1))
    if len(body) > LARGEST_BODY:
        raise Answered("413 Content Too Large", "at most 64 KiB")
    return body

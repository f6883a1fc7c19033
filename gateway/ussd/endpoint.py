"""The USSD endpoint: `/ussd/<aggregator>/<key>` and its `/events`, as a bare WSGI callable.

It stands beside Flask because the framework, not the engine, would be the ceiling. Nothing a
stranger sends gives a 500: an address that may not speak is told 403, a wrong key 404, a large body
413, a malformed one 400 with a line that says why, and whatever breaks behind it is an apology on
the phone and an error in our log. No body is ever logged: it may hold a PIN.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from redis import Redis, RedisError

from core.clock import Clock, system_clock
from core.errors import BadCallback
from core.unit import OpenUnit
from gateway.callbacks import LARGEST_BODY
from gateway.counters import EventCounters
from gateway.guard import Guard, GuardSettings
from gateway.limits import Limits
from gateway.ussd.adapter import Adapter, Response
from gateway.ussd.aggregators import ADAPTERS
from gateway.ussd.conversation import DEADLINE_S, Conversation
from gateway.ussd.drop_off import count_end
from gateway.ussd.request import SessionEnd, UssdReply, UssdRequest
from gateway.ussd.sessions import SessionStore
from gateway.ussd_menus.menu import Menu
from gateway.ussd_menus.turn import Guesses

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

Read = Callable[[bytes], UssdRequest | SessionEnd]
_PLAIN = [("Content-Type", "text/plain; charset=utf-8")]
logger = logging.getLogger(__name__)


def ussd_application(
    *,
    key: str,
    redis: Redis,
    open_unit: OpenUnit,
    open_read_only_unit: OpenUnit,
    menu: Menu,
    pool: Executor,
    deadline_s: float = DEADLINE_S,
    guesses: Guesses | None = None,
    clock: Clock = system_clock,
    guard: Guard | None = None,
) -> WSGIApplication:
    """The endpoint for every aggregator. Turns are played in threads of `pool`, which outlive a
    turn that was answered late. Without a `guard` every address may speak."""
    conversation = Conversation(
        menu,
        SessionStore(redis),
        open_unit,
        open_read_only_unit,
        pool,
        deadline_s,
        guesses,
        clock,
    )
    guard = guard or Guard(GuardSettings(), Limits(redis))
    return UssdEndpoint(key, redis, conversation, guard, EventCounters(redis))


class Refusal(Exception):
    """The request is answered without looking further; `outcome` is what it is counted under."""

    def __init__(self, status: str, outcome: str, line: str) -> None:
        super().__init__(outcome)
        self.status = status
        self.outcome = outcome
        self.line = line


def _not_found() -> Refusal:
    return Refusal("404 Not Found", "wrong_key", "not found")


def _too_large() -> Refusal:
    return Refusal("413 Content Too Large", "too_large", "at most 64 KiB")


@dataclass(frozen=True)
class UssdEndpoint:
    """Finds the adapter by the address, and puts the conversation between its two halves."""

    key: str
    redis: Redis
    conversation: Conversation
    guard: Guard
    counters: EventCounters

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        status = "200 OK"
        try:
            body, headers = self._answer(environ)
        except Refusal as refusal:
            noted = self._noted(environ, refusal)
            status, body, headers = noted.status, noted.line.encode(), _PLAIN
        start_response(status, [*headers, ("Content-Length", str(len(body)))])
        return [body]

    def _answer(self, environ: Mapping[str, Any]) -> Response:
        adapter, read = self._find_adapter(environ)
        try:
            heard = read(_sent(environ, adapter.method))
        except BadCallback as bad:
            raise Refusal("400 Bad Request", "malformed", str(bad)) from None
        if isinstance(heard, SessionEnd):
            return self._ended(heard)
        return adapter.encode(heard, self._turn(heard))

    def _find_adapter(self, environ: Mapping[str, Any]) -> tuple[Adapter, Read]:
        """Who is spoken to, and what reads the body. Raises Refusal."""
        match environ.get("PATH_INFO", "").rstrip("/").split("/"):
            case ["", "ussd", name, key, *rest] if name in ADAPTERS:
                adapter = ADAPTERS[name]
            case _:
                raise _not_found()
        if not self.guard.admits(f"ussd/{name}", self.guard.source(environ)):
            raise Refusal("403 Forbidden", "not_admitted", "forbidden")
        if not hmac.compare_digest(key.encode(errors="replace"), self.key.encode()):
            raise _not_found()
        if not rest:
            return adapter, adapter.decode
        if rest == ["events"] and adapter.decode_end:
            return adapter, adapter.decode_end
        raise _not_found()

    def _noted(self, environ: Mapping[str, Any], refusal: Refusal) -> Refusal:
        """The refusal, counted; a shorter one for an address that had too many this minute."""
        name = "_".join(environ.get("PATH_INFO", "").split("/")[1:3])
        endpoint = name if name.removeprefix("ussd_") in ADAPTERS else "ussd"
        self.counters.count(endpoint, refusal.outcome)
        if self.guard.refused(self.guard.source(environ), endpoint, refusal.outcome):
            return Refusal("429 Too Many Requests", refusal.outcome, "too many")
        return refusal

    def _turn(self, request: UssdRequest) -> UssdReply:
        try:
            return self.conversation.answer(request)
        except Exception:
            logger.exception("USSD turn failed: %r", request)
            return self.conversation.internal_error()

    def _ended(self, end: SessionEnd) -> Response:
        try:
            screen = end.screen or self.conversation.sessions.last_screen(end.key) or "unknown"
            count_end(self.redis, end.key, screen, end.status, datetime.now(UTC).date())
        except RedisError:
            logger.exception("end of session not counted")
        return b"", _PLAIN


def _sent(environ: Mapping[str, Any], method: str) -> bytes:
    """The body of a POST, or the query of a GET. Raises Refusal for another method, and for more
    than the limit."""
    if environ["REQUEST_METHOD"] != method:
        raise Refusal("405 Method Not Allowed", "wrong_method", f"{method} only")
    sent = _query(environ) if method == "GET" else _body(environ)
    if len(sent) > LARGEST_BODY:
        raise _too_large()
    return sent


def _query(environ: Mapping[str, Any]) -> bytes:
    return str(environ.get("QUERY_STRING", "")).encode(errors="replace")


def _body(environ: Mapping[str, Any]) -> bytes:
    """The body, cut to one byte more than the limit. Its length may be missing from the request."""
    length = environ.get("CONTENT_LENGTH") or str(LARGEST_BODY + 1)
    if not length.isdecimal():
        raise Refusal("400 Bad Request", "malformed", "Content-Length is no number")
    if environ.get("CONTENT_LENGTH") and int(length) > LARGEST_BODY:
        raise _too_large()
    body: bytes = environ["wsgi.input"].read(min(int(length), LARGEST_BODY + 1))
    return body

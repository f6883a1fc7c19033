"""The USSD endpoint: `/ussd/<aggregator>/<key>` and its `/events`, as a bare WSGI callable.

It stands beside Flask because the framework, not the engine, would be the ceiling. Nothing a
stranger sends gives a 500: an address that may not speak is told 403, a wrong key 404, a large body
413, a malformed one 400 with a line that says why, and whatever breaks behind it is an apology on
the phone and an error in our log. No body is ever logged: it may hold a PIN.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from redis import Redis, RedisError

from core.clock import Clock, system_clock
from core.errors import BadCallback
from core.pseudonym import Pseudonyms
from core.quick_reads import QuickReads
from core.unit import OpenUnit
from gateway.counters import EventCounters
from gateway.gate import (
    LARGEST_BODY,
    CallbackRefused,
    Gate,
    check_method,
    checked_size,
    not_found,
    read_body,
)
from gateway.guard import FORWARDED, Guard, GuardSettings
from gateway.limits import Limits
from gateway.serving.after_answer import after_answer
from gateway.serving.deadline import DEADLINE, Deadline, answer_within
from gateway.serving.lane import Answer, Request, plain
from gateway.serving.patience import MET_A_LOCK
from gateway.serving.redis_link import RedisLink
from gateway.ussd.adapter import Adapter, Response
from gateway.ussd.aggregators import ADAPTERS
from gateway.ussd.conversation import DEADLINE_S, Conversation, RowLocked
from gateway.ussd.drop_off import count_end
from gateway.ussd.quick import QuickTurns
from gateway.ussd.request import SessionEnd, UssdReply, UssdRequest
from gateway.ussd.sessions import SessionStore
from gateway.ussd_menus.menu import Menu
from gateway.ussd_menus.turn import Guesses

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

Decode = Callable[[bytes], UssdRequest | SessionEnd]
_PLAIN = [("Content-Type", "text/plain; charset=utf-8")]
logger = logging.getLogger(__name__)


def ussd_application(
    *,
    keys: Mapping[str, Sequence[str]],
    redis: Redis,
    pseudonyms: Pseudonyms,
    open_unit: OpenUnit,
    open_read_only_unit: OpenUnit,
    menu: Menu,
    pool: Executor | None = None,
    deadline_s: float = DEADLINE_S,
    guesses: Guesses | None = None,
    clock: Clock = system_clock,
    guard: Guard | None = None,
    redis_link: RedisLink | None = None,
    reads: QuickReads | None = None,
) -> UssdEndpoint:
    """The endpoints of the aggregators in `keys`, which holds the valid keys by endpoint. Without a
    `guard` every address may speak.

    The server keeps the deadline of a turn. Behind another one, turns are played in threads of
    `pool`, which outlive a turn that was answered late after `deadline_s`. With both `redis_link`
    and `reads` that server may answer a turn in its event loop (`UssdEndpoint.answer_quickly`).
    """
    conversation = Conversation(
        menu,
        SessionStore(redis, pseudonyms),
        open_unit,
        open_read_only_unit,
        guesses,
        clock,
    )
    guard = guard or Guard(GuardSettings(), Limits(redis))
    gate = Gate(keys, guard, EventCounters(redis))
    quick = QuickTurns(conversation, redis_link, reads) if redis_link and reads else None
    return UssdEndpoint(redis, conversation, gate, pool, deadline_s, quick)


@dataclass(frozen=True)
class UssdEndpoint:
    """Finds the adapter by the address, and puts the conversation between its two halves."""

    redis: Redis
    conversation: Conversation
    gate: Gate
    pool: Executor | None = None
    deadline_s: float = DEADLINE_S
    quick: QuickTurns | None = None

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        status = HTTPStatus.OK
        try:
            with self.gate.screening(environ, _endpoint_name(environ)):
                body, headers = self._respond(environ)
        except CallbackRefused as refusal:
            status, headers = HTTPStatus(refusal.status), _PLAIN
            body = refusal.line.encode()
        start_response(
            f"{status.value} {status.phrase}", [*headers, ("Content-Length", str(len(body)))]
        )
        return [body]

    def _respond(self, environ: dict[str, Any]) -> Response:
        """Raises CallbackRefused, BadCallback."""
        adapter, decode = self._adapter(environ)
        callback = decode(_read_callback(environ, adapter.method))
        if isinstance(callback, SessionEnd):
            after_answer(lambda: self._count_end(callback))
            return b"", _PLAIN
        return adapter.encode(callback, self._turn(callback, environ))

    def late(self, environ: dict[str, Any], deadline: Deadline) -> Answer:
        """What the server answers to a turn at its deadline."""
        try:
            adapter, decode = self._adapter(environ)
            callback = decode(_read_callback(environ, adapter.method))
        except (CallbackRefused, BadCallback) as refused:
            return plain(400, str(refused))
        if isinstance(callback, SessionEnd):
            return plain(200, "")
        body, headers = adapter.encode(callback, self.conversation.late_reply(deadline))
        return Answer(200, headers, body)

    async def answer_quickly(self, request: Request) -> Answer | None:
        """The answer to a turn that needs no thread; None for anything else, also for what is to be
        refused."""
        scope, quick = request.scope, self.quick
        if scope is None or quick is None:
            return None
        match scope.path.rstrip("/").split("/"):
            case ["", "ussd", name, key] if f"ussd/{name}" in self.gate.keys:
                adapter = ADAPTERS[name]
            case _:
                return None
        sender = {"REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]")}
        if passed_on := scope.headers.get_all("x-forwarded-for"):
            sender[FORWARDED] = ",".join(passed_on)
        if scope.method != adapter.method or not self.gate.admits_at_once(
            sender, f"ussd/{name}", key
        ):
            return None
        sent = request.body if scope.method == "POST" else scope.query_string.encode()
        return await self._answer_quickly(quick, adapter, sent, request.deadline)

    async def _answer_quickly(
        self, quick: QuickTurns, adapter: Adapter, sent: bytes, deadline: Deadline
    ) -> Answer | None:
        try:
            callback = adapter.decode(sent) if len(sent) <= LARGEST_BODY else None
        except BadCallback:
            return None
        if not isinstance(callback, UssdRequest):
            return None
        reply = await quick.answer(callback, deadline)
        if reply is None:
            return None
        body, headers = adapter.encode(callback, reply)
        return Answer(200, [*headers, ("content-length", str(len(body)))], body)

    def _adapter(self, environ: Mapping[str, Any]) -> tuple[Adapter, Decode]:
        """The adapter at this address, and its reader of the body. Raises CallbackRefused."""
        match environ.get("PATH_INFO", "").rstrip("/").split("/"):
            case ["", "ussd", name, key, *rest] if f"ussd/{name}" in self.gate.keys:
                adapter = ADAPTERS[name]
            case _:
                raise not_found()
        self.gate.admit(environ, f"ussd/{name}", key)
        if not rest:
            return adapter, adapter.decode
        if rest == ["events"] and adapter.decode_end:
            return adapter, adapter.decode_end
        raise not_found()

    def _turn(self, request: UssdRequest, environ: dict[str, Any]) -> UssdReply:
        try:
            if self.pool is None:
                return self.conversation.answer(request, environ.get(DEADLINE) or Deadline())
            return answer_within(
                self.pool,
                self.deadline_s,
                lambda deadline: self.conversation.answer(request, deadline),
                self.conversation.late_reply,
            )
        except RowLocked:
            environ[MET_A_LOCK] = True
            return self.conversation.late_reply(environ.get(DEADLINE) or Deadline())
        except Exception:
            logger.exception("USSD turn failed: %r", request)
            return self.conversation.internal_error()

    def _count_end(self, end: SessionEnd) -> None:
        sessions = self.conversation.sessions
        try:
            # What is no screen of ours would be a series of figures for every forged report.
            reported = end.screen if end.screen in self.conversation.menu.screens else ""
            screen = reported or sessions.last_screen(end.name) or "unknown"
            count_end(
                self.redis, sessions.key(end.name), screen, end.status, datetime.now(UTC).date()
            )
        except RedisError:
            logger.exception("end of session not counted")


def _endpoint_name(environ: Mapping[str, Any]) -> str:
    """What refusals at this address are counted under."""
    name = "_".join(environ.get("PATH_INFO", "").split("/")[1:3])
    return name if name.removeprefix("ussd_") in ADAPTERS else "ussd"


def _read_callback(environ: dict[str, Any], method: str) -> bytes:
    """The body of a POST, or the query of a GET. Raises CallbackRefused for another method, and
    for more than the limit."""
    check_method(environ, method)
    if method == "GET":
        return checked_size(str(environ.get("QUERY_STRING", "")).encode(errors="replace"))
    return read_body(environ)

"""A lane: the threads of one kind of request, the queue before them, and the deadline.

Lanes are bulkheads: whatever happens to one kind of request, the others keep their threads. Each
has a bound on its queue and a deadline after which its callers are answered without an answer of
the application.
"""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from gateway.serving.after_answer import do_all, keeping_for_later
from gateway.serving.deadline import DEADLINE, Deadline
from gateway.serving.patience import MET_A_LOCK, being_brief
from gateway.serving.sizes import Size

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the caller."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


Late = Callable[[dict[str, Any], Deadline], Answer]


def plain(status: int, line: str, *headers: tuple[str, str]) -> Answer:
    """An answer of one line."""
    return Answer(
        status, [("content-type", "text/plain; charset=utf-8"), *headers], f"{line}\n".encode()
    )


def try_later(environ: dict[str, Any], deadline: Deadline) -> Answer:
    """What a caller is told whose request was not answered in time, or not taken."""
    return plain(503, "busy, try again", ("retry-after", "10"))


class Scope(Protocol):
    """A request's line and headers, as RSGI gives them."""

    client: str
    headers: Any
    http_version: str
    method: str
    path: str
    proto: str
    query_string: str
    scheme: str


@dataclass(slots=True)
class Request:
    """A request under way. `head` makes its WSGI environment without the body; `respond` sends the
    answer and may be called from any thread. `scope` is there where a server serves it."""

    head: Callable[[], dict[str, Any]]
    body: bytes
    respond: Callable[[Answer], None]
    scope: Scope | None = None
    deadline: Deadline = field(default_factory=Deadline)
    came_at: float = field(default_factory=monotonic)

    def environ(self) -> dict[str, Any]:
        """A WSGI environment of its own for each time that the request is read."""
        return {**self.head(), DEADLINE: self.deadline, "wsgi.input": io.BytesIO(self.body)}


# Answers in the event loop, which it may not hold up; None where a thread is to answer.
Quick = Callable[[Request], Awaitable[Answer | None]]


@dataclass(slots=True)
class Lane:
    """The threads and the queue of one kind of request.

    `late` makes the answer of a request that takes longer than its deadline, the wait for a thread
    included, and of one that finds the lane full. In the `side_room` requests wait that met a
    locked row. `quick` is asked before a thread is taken.
    """

    name: str
    application: WSGIApplication
    size: Size
    late: Late = try_later
    side_room: Lane | None = None
    quick: Quick | None = None
    _inside: int = 0
    _pool: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.size.threads, thread_name_prefix=self.name)

    async def serve(self, request: Request) -> None:
        """Have the request answered, by the application or by the clock. In the event loop."""
        expiry = asyncio.get_running_loop().call_later(self.size.deadline_s, self._expire, request)
        try:
            if self.quick is not None and await self._answer_quickly(self.quick, request):
                return
            if await self.enter(request) and self.side_room is not None:
                await self.side_room.enter(request)
        finally:
            expiry.cancel()

    @property
    def _is_full(self) -> bool:
        return self._inside >= self.size.threads + self.size.queue

    async def _answer_quickly(self, quick: Quick, request: Request) -> bool:
        """Whether the request was answered without a thread, or at its deadline."""
        if self._is_full:
            self._expire(request)
            return True
        self._inside += 1
        try:
            answer = await quick(request)
        except Exception:
            log.exception("%s: a request failed in the event loop", self.name)
            return False
        finally:
            self._inside -= 1
        if answer is not None and request.deadline.answers():
            request.respond(answer)
        return answer is not None or request.deadline.is_late

    async def enter(self, request: Request) -> bool:
        """Take a thread, or a place in the queue. Returns whether the request has met a locked row
        and is not answered."""
        if self._is_full:
            self._expire(request)
            return False
        self._inside += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, self._work, request)
        finally:
            self._inside -= 1

    def _expire(self, request: Request) -> None:
        if request.deadline.expires():
            request.respond(self.late(request.environ(), request.deadline))

    def _work(self, request: Request) -> bool:
        """In a thread of this lane. A request that was answered meanwhile is not begun."""
        if monotonic() - request.came_at > self.size.begin_within_s:
            self._expire(request)
        if request.deadline.is_late:
            return False
        environ = request.environ()
        with keeping_for_later() as kept, being_brief() if self.side_room else nullcontext():
            answer = self._ask(environ)
        if self.side_room is not None and environ.get(MET_A_LOCK):
            return True
        if request.deadline.answers():
            request.respond(answer)
        do_all(kept)
        return False

    def _ask(self, environ: dict[str, Any]) -> Answer:
        try:
            return call_wsgi(self.application, environ)
        except Exception:
            log.exception("%s: a request failed", self.name)
            return plain(500, "something broke")

    def close(self) -> None:
        """Let what is being done be done, and end the threads."""
        self._pool.shutdown()
        if self.side_room is not None:
            self.side_room.close()


def call_wsgi(application: WSGIApplication, environ: dict[str, Any]) -> Answer:
    """Call a WSGI application and collect its whole answer."""
    started: list[Any] = []

    def start_response(*given: Any) -> Callable[[bytes], object]:
        started[:] = given
        return lambda data: None

    parts = application(environ, start_response)
    try:
        body = b"".join(parts)
    finally:
        if close := getattr(parts, "close", None):
            close()
    status, headers = started[:2]
    return Answer(int(status[:3]), headers, body)

"""HTTP to a vendor: one connection for each request, limits on time and size, and outcomes sorted.

Nothing of a request or an answer is logged, and no exception of `requests` gets out of here: its
words hold the address, and some vendors want passwords in that.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import requests
from urllib3.exceptions import HTTPError

from core.errors import Temporary
from core.logs import Masking, log_fields
from core.vend import WORDS_MAX, CheckAnswer, DeviceNotFound, NotSent, Refusal, Unknown
from gateway.sending import failed_before_sending
from gateway.vendors.vendor import CALL_LIMIT_S

CONNECT_S = 5.0
READ_S = 60.0
# What is only read is answered quickly; where it is not, the vend after it would have no time left.
READ_ONLY_S = 15.0
MAX_BYTES = 4_000_000
# The whole call ends a little before its claim does.
_CALL_S = CALL_LIMIT_S - 5.0
_CALL_ENDS_AT: ContextVar[float | None] = ContextVar("vendor_call_ends_at", default=None)
# Whether this call has made a request that vends.
_HAS_ORDERED: ContextVar[bool] = ContextVar("vendor_call_has_ordered", default=False)
# HTTP statuses of a client error that do not say that nothing was done: the time ran out, or
# another request was there first.
_UNDECIDED = (408, 409, 425, 499)
_CREDENTIALS = (401, 403, 407)

# urllib3 logs addresses, and some hold passwords: every one at level debug, and with a warning that
# of an answer with broken headers.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)

P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger(__name__)


class Settled(Exception):  # never leaves a driver: `answering` returns its answer
    """The answer of the whole call is known, wherever in a driver that turns out."""

    def __init__(self, answer: object) -> None:
        super().__init__()
        self.answer = answer


def answering(method: Callable[P, T]) -> Callable[P, T]:
    """Make a method of a driver one call with its time limit, that answers and never raises.

    What a driver cannot read is `Unknown`, since the vendor may have done it all the same; NotSent
    where no request that vends was made in this call.
    """

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        outer = _CALL_ENDS_AT.get()
        limit = _CALL_ENDS_AT.set(outer or time.monotonic() + _CALL_S)
        if outer is None:
            _HAS_ORDERED.set(False)
        try:
            return method(*args, **kwargs)
        except Settled as settled:
            return cast(T, settled.answer)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            vendor = getattr(args[0], "token", "?")
            fields = log_fields(vendor=vendor, error=type(error).__name__)
            log.warning("a vendor answered what its driver cannot read", extra=fields)
            kind = Unknown if _HAS_ORDERED.get() else NotSent
            return cast(T, kind("an answer that cannot be read"))
        finally:
            _CALL_ENDS_AT.reset(limit)

    return call


def checking(method: Callable[P, CheckAnswer]) -> Callable[P, CheckAnswer]:
    """Make a method of a driver that checks a device one call. That the vendor has no such device
    is an answer; whatever else it refuses says nothing about the device."""
    answered = answering(method)

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> CheckAnswer:
        answer: CheckAnswer | Refusal = answered(*args, **kwargs)
        if not isinstance(answer, Refusal):
            return answer
        is_absent = answer.reason == "unknown_device"
        return DeviceNotFound(answer.words) if is_absent else NotSent(answer.words)

    return call


def asking(method: Callable[P, T]) -> Callable[P, T]:
    """Make a method of a driver that asks about orders one call: what the vendor refuses to tell
    says nothing about them."""
    return _not_sent_after(Refusal, method)


def preparing(method: Callable[P, T]) -> Callable[P, T]:
    """Make a method of a driver one call that only reads before an order: what stays unknown was
    certainly not vended, so it is NotSent."""
    return _not_sent_after(Unknown, method)


def _not_sent_after(kind: type[Refusal | Unknown], method: Callable[P, T]) -> Callable[P, T]:
    """Make a method one call in which an answer of that kind means that nothing was sent."""
    answered = answering(method)

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        answer: T | Refusal | Unknown = answered(*args, **kwargs)
        return cast(T, NotSent(answer.words) if isinstance(answer, kind) else answer)

    return call


@dataclass(frozen=True, slots=True)
class Reply:
    """What a vendor answered. `words(text)` are some of its words as they may be stored.

    `is_order`: to a request that vends. What stays unknown of any other has vended nothing.
    """

    status: int
    text: str = field(repr=False)
    words: Callable[[object], str] = field(repr=False)
    is_order: bool = True

    @property
    def is_accepted(self) -> bool:
        """Whether the status says that it was done. What the answer says may be another thing."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The JSON value in it; None where it is none (an HTML page, an empty body)."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return None

    def settle(self, words: object = "") -> None:
        """Settle the call where the status alone says how it ended: nothing is settled by 2xx, nor
        by a client error that has JSON, which is for the driver to read. Raises Settled."""
        answered = f"HTTP {self.status} {self.words(words)}".rstrip()
        if self.status in _CREDENTIALS:
            raise Settled(Refusal("credentials", answered))
        if self.status == 429:
            raise Settled(NotSent(answered))
        is_client_error = 400 <= self.status < 500 and self.status not in _UNDECIDED
        if is_client_error and self.json() is None:
            # A proxy or a wrong address, neither of which vends; it may be mended.
            raise Settled(NotSent(answered))
        if not (is_client_error or self.is_accepted):
            raise self.unsettled(answered)

    def document(self) -> Any:
        """The JSON value of an answer whose status settles nothing. Raises Settled: Unknown, or
        NotSent, where there is none."""
        self.settle()
        found = self.json()
        if found is None:
            raise self.unsettled(f"HTTP {self.status} without JSON")
        return found

    def unsettled(self, words: str) -> Settled:
        """The end of the call where the answer cannot be understood: Unknown after an order, else
        NotSent."""
        return Settled(Unknown(words) if self.is_order else NotSent(words))


class VendorHttp:
    """Requests to one account's server. May be shared by threads.

    `secrets` never get into words that are stored. `wait` returns when the vendor's rate limit
    lets one more request through, or raises Temporary.
    """

    def __init__(
        self, base_url: str, secrets: Iterable[str] = (), wait: Callable[[], None] | None = None
    ) -> None:
        self._base_url = base_url
        self._secrets = sorted({*secrets} - {""}, key=len, reverse=True)
        self._mask = Masking()
        self._wait = wait

    def words(self, answered: object) -> str:
        """Some words of the vendor's as they may be stored: in one line, cut, without secrets and
        long numbers."""
        text = " ".join(str(answered).split())
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return self._mask(text)[:WORDS_MAX]

    def ask(self, method: str, path: str, **request: Any) -> Reply:
        """Make a request that only reads, or logs in. Raises Settled (NotSent) without an answer:
        nothing was done, whatever became of it."""
        try:
            return replace(self._send(method, path, READ_ONLY_S, request), is_order=False)
        except _Failed as failed:
            raise Settled(NotSent(failed.words)) from None

    def order(self, method: str, path: str, **request: Any) -> Reply:
        """Make a request that vends. Raises Settled: NotSent only where no connection was made,
        else Unknown, without an answer."""
        if _seconds_left() < READ_S / 2:
            raise Settled(NotSent("what had to come before took too long"))
        _HAS_ORDERED.set(True)
        try:
            return self._send(method, path, READ_S, request)
        except _Failed as failed:
            kind = NotSent if failed.was_before_sending else Unknown
            raise Settled(kind(failed.words)) from None

    def _send(self, method: str, path: str, read_s: float, request: dict[str, Any]) -> Reply:
        url = path if "://" in path else self._base_url + path
        limits = (CONNECT_S, min(read_s, _seconds_left()))
        try:
            if self._wait is not None:
                self._wait()
            with requests.Session() as session:
                session.auth = _no_netrc
                session.headers["Connection"] = "close"
                response = session.request(
                    method, url, timeout=limits, allow_redirects=False, stream=True, **request
                )
                return Reply(response.status_code, _read_body(response, limits[1]), self.words)
        except Temporary as busy:
            raise _Failed(busy.code, was_before_sending=True) from None
        except requests.RequestException as error:
            raise _Failed(type(error).__name__, failed_before_sending(error)) from None
        except HTTPError as error:  # of urllib3, while the body is read
            raise _Failed(type(error).__name__) from None


class _Failed(Exception):
    """There is no answer."""

    def __init__(self, words: str, was_before_sending: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.was_before_sending = was_before_sending


def _no_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Credentials come from our settings only: requests would look into ~/.netrc for some."""
    return request


def _seconds_left() -> float:
    ends_at = _CALL_ENDS_AT.get()
    return _CALL_S if ends_at is None else max(0.1, ends_at - time.monotonic())


def _read_body(response: requests.Response, seconds: float) -> str:
    """The body as text. A byte now and then does not keep a call open: the whole body has
    `seconds`. Raises _Failed, HTTPError."""
    ends_at, body = time.monotonic() + seconds, bytearray()
    while chunk := response.raw.read1(65_536, decode_content=True):
        body += chunk
        if len(body) > MAX_BYTES:
            raise _Failed("an answer without end")
        if time.monotonic() > ends_at:
            raise _Failed("an answer that takes too long")
    return body.decode(response.encoding or "utf-8", errors="replace")

"""The gate of every callback endpoint: who is let in, how much is read, and what a refusal is told.

Flask routes (callbacks.py) and the USSD endpoint (ussd/endpoint.py) are two transports of this one
policy. A refusal is a 4xx with one line that says why; it is counted, and the address that sent it
hears less after too many in a minute.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from core.errors import BadCallback, UnverifiedSignature
from gateway.counters import EventCounters
from gateway.guard import Guard
from gateway.serving.after_answer import after_answer

LARGEST_BODY = 64 * 1024
_MINUTE_S = 60.0


class CallbackRefused(Exception):
    """A callback is answered with `status` and `line`, and counted under `outcome`."""

    def __init__(self, status: int, outcome: str, line: str) -> None:
        super().__init__(outcome)
        self.status = status
        self.outcome = outcome
        self.line = line


def not_found() -> CallbackRefused:
    """The refusal of a wrong key and of an address that does not exist: a caller cannot tell which
    of them it was."""
    return CallbackRefused(404, "wrong_key", "not found")


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets in callers that know a key of the endpoint and whose address may speak for its provider.

    `keys` are those of now and, where one is about to end, the old ones, by the endpoint's name.
    """

    keys: Mapping[str, Sequence[str]]
    guard: Guard
    counters: EventCounters
    _old_key_told: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def screening(self, environ: Mapping[str, Any], endpoint: str) -> Iterator[None]:
        """Count a refusal (CallbackRefused, BadCallback) inside the block and pass it on.

        Raises CallbackRefused: the same, or with status 429 when the address had too many.
        """
        try:
            yield
        except (CallbackRefused, BadCallback) as reason:
            refusal = _as_refusal(reason)
        else:
            return
        after_answer(lambda: self.counters.count(endpoint, refusal.outcome))
        if self.guard.refused(self.guard.source(environ), endpoint, refusal.outcome):
            raise CallbackRefused(429, refusal.outcome, "too many")
        raise refusal

    def admit(self, environ: Mapping[str, Any], endpoint: str, key: str) -> None:
        """Raises CallbackRefused when the address may not speak for the endpoint's provider, or the
        key is not of this endpoint."""
        if not self.guard.admits(endpoint, self.guard.source(environ)):
            raise CallbackRefused(403, "not_admitted", "forbidden")
        matched = self._matched(endpoint, key)
        if not any(matched):
            raise not_found()
        if not matched[0]:
            self._note_old_key(endpoint)

    def admits_at_once(self, environ: Mapping[str, Any], endpoint: str, key: str) -> bool:
        """Whether there is nothing to refuse and nothing to note; no server is asked. Where there
        is, `admit` says what."""
        matched = self._matched(endpoint, key)
        return bool(matched and matched[0]) and self.guard.admits_sender(endpoint, environ)

    def _matched(self, endpoint: str, key: str) -> list[bool]:
        """Which of the endpoint's keys this is. Every key is compared, in constant time, so that
        nothing tells how near a guess was."""
        given = key.encode(errors="replace")
        return [hmac.compare_digest(given, known.encode()) for known in self.keys.get(endpoint, ())]

    def _note_old_key(self, endpoint: str) -> None:
        """Count each minute in which an old key was used: while that happens it must not end."""
        now = monotonic()
        if now - self._old_key_told.get(endpoint, -_MINUTE_S) >= _MINUTE_S:
            self._old_key_told[endpoint] = now
            self.counters.count(endpoint, "old_key")


def check_method(environ: Mapping[str, Any], *methods: str) -> None:
    """Raises CallbackRefused (405) for a request by another method."""
    if environ["REQUEST_METHOD"] not in methods:
        raise CallbackRefused(405, "wrong_method", f"{' or '.join(methods)} only")


def _as_refusal(reason: CallbackRefused | BadCallback) -> CallbackRefused:
    if isinstance(reason, CallbackRefused):
        return reason
    outcome = "unverified" if isinstance(reason, UnverifiedSignature) else "malformed"
    return CallbackRefused(400, outcome, str(reason))


def read_body(environ: Mapping[str, Any]) -> bytes:
    """The whole body, whether or not its length is announced. Raises CallbackRefused when it is
    larger than LARGEST_BODY, BadCallback when the announced length is no number."""
    announced = environ.get("CONTENT_LENGTH") or str(LARGEST_BODY + 1)
    if not announced.isdecimal():
        raise BadCallback("Content-Length is no number")
    if environ.get("CONTENT_LENGTH") and int(announced) > LARGEST_BODY:
        raise _too_large()
    stream, wanted, parts = environ["wsgi.input"], int(announced), []
    while wanted and (part := stream.read(wanted)):
        parts.append(part)
        wanted -= len(part)
    return checked_size(b"".join(parts))


def checked_size(sent: bytes) -> bytes:
    """What was sent, unchanged. Raises CallbackRefused when it is larger than LARGEST_BODY."""
    if len(sent) > LARGEST_BODY:
        raise _too_large()
    return sent


def _too_large() -> CallbackRefused:
    return CallbackRefused(413, "too_large", "at most 64 KiB")

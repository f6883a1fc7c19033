"""Logins that end: fetched when first needed, kept while they are good, fetched again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from core.vend import NotSent, Refusal
from gateway.vendors.http_client import Reply, Settled

# A login is not used in its last minute, nor a short one for more than half its life.
_EARLY_S = 60.0


class Login:
    """The login of one account. May be shared by threads.

    `fetch()` logs in: it returns what is shown with each request, and for how many seconds it is
    good. It raises Settled where there is none to be had.
    """

    def __init__(self, fetch: Callable[[], tuple[str, float]]) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._token_shown = ""
        self._good_until = 0.0

    def call(
        self,
        request: Callable[[str], Reply],
        has_ended: Callable[[Reply], bool] = lambda reply: reply.status == 401,
    ) -> Reply:
        """Make a request with the login; once more with a new one, where the vendor says that ours
        has ended and so did nothing. Raises Settled."""
        shown = self._good_one()
        reply = request(shown)
        if has_ended(reply):
            self._forget(shown)
            reply = request(self._good_one())
            if has_ended(reply):
                raise Settled(Refusal("credentials", "a new login does not count"))
        return reply

    def _good_one(self) -> str:
        """One thread logs in while the others wait: no longer than a login takes."""
        with self._lock:
            if time.monotonic() >= self._good_until:
                self._token_shown, lasts_s = self._fetched()
                self._good_until = time.monotonic() + lasts_s - min(_EARLY_S, lasts_s / 2)
            return self._token_shown

    def _fetched(self) -> tuple[str, float]:
        """A new login. Raises Settled: NotSent where the answer cannot be read, since nothing was
        vended by then."""
        try:
            return self._fetch()
        except (LookupError, TypeError, ValueError, AttributeError):
            raise Settled(NotSent("a login that cannot be read")) from None

    def _forget(self, shown: str) -> None:
        with self._lock:
            if shown == self._token_shown:
                self._good_until = 0.0

"""The deadline of one request: who answers first, and whether anything was done by then.

A caller whose request is not answered in time is told so. What has not begun to act by then never
does: no caller would see it. What acts already goes on to its end.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from threading import Lock
from typing import Literal, TypeVar

T = TypeVar("T")

# The Deadline of a request, in its WSGI environment.
DEADLINE = "dialwatt.deadline"


class TooLate(Exception):
    """The caller was answered before the work began to act: it does nothing."""


class Deadline:
    """Decides once whether the work or the clock answers. Thread-safe.

    `language` is the caller's, as soon as it is known.
    """

    __slots__ = ("_lock", "_state", "is_acting", "language")

    def __init__(self) -> None:
        self._lock = Lock()
        self._state: Literal["open", "answered", "late"] = "open"
        self.is_acting = False
        self.language: str | None = None

    def start_acting(self) -> None:
        """From now on the work changes something. Raises TooLate after the deadline."""
        with self._lock:
            if self._state == "late":
                raise TooLate
            self.is_acting = True

    def rest(self) -> None:
        """Everything the work has changed was rolled back."""
        self.is_acting = False

    def answers(self) -> bool:
        """Whether the work answers the caller; False after the deadline."""
        with self._lock:
            if self._state == "open":
                self._state = "answered"
            return self._state == "answered"

    def expires(self) -> bool:
        """Whether the clock answers the caller; False when the work has answered."""
        with self._lock:
            if self._state == "open":
                self._state = "late"
            return self._state == "late"

    @property
    def is_late(self) -> bool:
        return self._state == "late"


def answer_within(
    pool: Executor,
    seconds: float,
    work: Callable[[Deadline], T],
    late: Callable[[Deadline], T],
) -> T:
    """What `work` returns, or `late` when it takes longer than this (waiting time included).

    An exception of `work` is raised here, unless the caller was answered already.
    """
    deadline = Deadline()
    future = pool.submit(work, deadline)
    try:
        return future.result(seconds)
    except TimeoutError:
        if not future.done() and deadline.expires():
            return late(deadline)
        return future.result()

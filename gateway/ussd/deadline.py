"""Our own deadline: the caller gets an answer in time, while the work continues to its end.

Africa's Talking waits at most 10 s; a later answer is lost although its effect is done. So after
the deadline the caller is told that an SMS will come, and the work goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from threading import Lock
from typing import TypeVar

T = TypeVar("T")


class Race:
    """Decides once whether the work or the clock was first. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._winner = ""

    def is_won_by(self, runner: str) -> bool:
        """Whether this runner arrived first; the first call decides."""
        with self._lock:
            self._winner = self._winner or runner
            return self._winner == runner


def answer_within(
    pool: Executor, seconds: float, work: Callable[[Race], T], late: Callable[[], T]
) -> T:
    """What `work` returns, or `late()` when it takes longer than this (waiting time included).

    `work` must ask the race before it stores its answer, so that what is stored is what the caller
    saw. An exception of `work` is raised here, unless the caller was answered already.
    """
    race = Race()
    future = pool.submit(work, race)
    try:
        return future.result(seconds)
    except TimeoutError:
        if not future.done() and race.is_won_by("clock"):
            return late()
        return future.result()

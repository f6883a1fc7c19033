"""Our own deadline: an answer in time, while the work goes on to its end.

Africa's Talking waits at most 10 s and Safaricom's customers 30 s a screen; a late answer is lost
though its effect is done. So the caller is told that an SMS will come, and the work is let finish.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from threading import Lock
from typing import TypeVar

T = TypeVar("T")


class Race:
    """Whether the work or the clock was first; decided once, and both are told the same."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._winner = ""

    def first(self, claimant: str) -> bool:
        """Claim the answer; true for the one who was first."""
        with self._lock:
            self._winner = self._winner or claimant
            return self._winner == claimant


def answer_within(
    pool: Executor, seconds: float, work: Callable[[Race], T], late: Callable[[], T]
) -> T:
    """What `work` answers, or `late()` after so many seconds of waiting and working.

    The work claims the race before it stores its answer, so what is stored is what was said.
    Whatever the work raises comes through, unless the caller was already answered.
    """
    race = Race()
    future = pool.submit(work, race)
    try:
        return future.result(seconds)
    except TimeoutError:
        if not future.done() and race.first("clock"):
            return late()
        return future.result()

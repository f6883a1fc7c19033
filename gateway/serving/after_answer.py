"""What can be done after the caller was answered: counts, and waking workers.

All of it is best effort. A process that dies in between loses a count; a worker that was not woken
finds its rows within seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

log = logging.getLogger(__name__)

_kept: ContextVar[list[Callable[[], object]] | None] = ContextVar("after_answer", default=None)


def after_answer(work: Callable[[], object]) -> None:
    """Do this once the request of this thread is answered; at once where no server serves it."""
    kept = _kept.get()
    if kept is None:
        work()
    else:
        kept.append(work)


@contextmanager
def keeping_for_later() -> Iterator[list[Callable[[], object]]]:
    """Collect what is to be done after the answer."""
    kept: list[Callable[[], object]] = []
    token = _kept.set(kept)
    try:
        yield kept
    finally:
        _kept.reset(token)


def do_all(kept: list[Callable[[], object]]) -> None:
    """Do what was kept; a failure is logged and stops nothing."""
    for work in kept:
        try:
            work()
        except Exception:
            log.exception("work after an answer failed")

"""A worker's sign of life while it works or waits: `/readyz` believes no older one.

RQ itself gives one only between jobs, and no more often than every 45 seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from redis import RedisError

log = logging.getLogger(__name__)

BEAT_EVERY_S = 5.0


@contextmanager
def beating(beat: Callable[[], object], every_s: float = BEAT_EVERY_S) -> Iterator[None]:
    """Call `beat` now and then from a thread of its own; Redis may be away meanwhile."""
    over = Event()

    def go_on() -> None:
        while not over.wait(every_s):
            try:
                beat()
            except RedisError as error:
                log.warning("no sign of life could be given: %s", error)

    thread = Thread(target=go_on, name="beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()

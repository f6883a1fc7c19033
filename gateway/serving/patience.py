"""How long a request waits for a locked row: a moment in a lane with a side room, else longer.

A row that is held stops every request for it. The threads and connections of a lane are for
all callers, so there a request gives up at once and goes to the side room, which has few of its
own. Where there is none to go to, giving up at once would only lose the request.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import DBAPIError

from core.unit import OpenUnit, Unit

# In the WSGI environment of a request that met a locked row.
MET_A_LOCK = "dialwatt.met_a_lock"

_brief: ContextVar[bool] = ContextVar("brief", default=False)


@contextmanager
def being_brief() -> Iterator[None]:
    """Units opened inside by `Patience` wait for a lock for a moment only."""
    token = _brief.set(True)
    try:
        yield
    finally:
        _brief.reset(token)


@dataclass(frozen=True, slots=True)
class Patience:
    """Opens Units that wait for a lock for a moment only where a side room follows."""

    brief: OpenUnit
    patient: OpenUnit

    def __call__(self) -> AbstractContextManager[Unit]:
        return self.brief() if _brief.get() else self.patient()


def met_a_lock(error: BaseException) -> bool:
    """Whether the database gave up waiting for a lock."""
    return isinstance(error, DBAPIError) and isinstance(error.orig, LockNotAvailable)

"""How long a request waits for a locked row: a moment in its lane, longer in the side room.

A row that is held stops every request for it. The threads and connections of a lane are for
all callers, so there a request gives up at once and goes to the side room, which has few of its
own.
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

_patient: ContextVar[bool] = ContextVar("patient", default=False)


@contextmanager
def being_patient() -> Iterator[None]:
    """Units opened inside by `Patience` wait longer for a lock."""
    token = _patient.set(True)
    try:
        yield
    finally:
        _patient.reset(token)


@dataclass(frozen=True, slots=True)
class Patience:
    """Opens Units that wait for a lock for a moment only, in the side room longer."""

    brief: OpenUnit
    patient: OpenUnit

    def __call__(self) -> AbstractContextManager[Unit]:
        return self.patient() if _patient.get() else self.brief()


def met_a_lock(error: BaseException) -> bool:
    """Whether the database gave up waiting for a lock."""
    return isinstance(error, DBAPIError) and isinstance(error.orig, LockNotAvailable)

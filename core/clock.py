"""The clock: read once per Unit, always aware UTC."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]

# The same act again within this (cash, a sale, a request for a payment) may be a repetition by
# a caller who saw no answer: it is asked about.
SAME_AGAIN_WITHIN = timedelta(minutes=5)


def system_clock() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)

"""Reminders of instalments."""

from core.wording.message import text_message
from core.wording.slots import Day, Money, Reference


@text_message(segments=1)
def due_soon(amount: Money, on: Day, code: Reference) -> None:
    """Three days before."""


@text_message(segments=1)
def due_today(amount: Money, code: Reference) -> None:
    """On the day."""


@text_message(segments=1)
def overdue(amount: Money, since: Day, code: Reference) -> None:
    """One and seven days after."""

"""Reminders of instalments."""

from core.wording.message import sms_message
from core.wording.slots import Day, Money, Reference


@sms_message(max_segments=1)
def due_soon(amount: Money, on: Day, service_code: Reference) -> None:
    """Three days before."""


@sms_message(max_segments=1)
def due_today(amount: Money, service_code: Reference) -> None:
    """On the day."""


@sms_message(max_segments=1)
def overdue(amount: Money, since: Day, service_code: Reference) -> None:
    """One and seven days after."""

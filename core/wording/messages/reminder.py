"""SMS that remind of instalments: they ask for what is missing after the customer's credit."""

from core.wording.message import sms_message
from core.wording.slots import Day, Money, Reference


@sms_message(max_segments=1)
def due_soon(amount: Money, on: Day, service_code: Reference) -> None:
    """Three days before an instalment falls due."""


@sms_message(max_segments=1)
def due_today(amount: Money, service_code: Reference) -> None:
    """On the day when an instalment falls due."""


@sms_message(max_segments=1)
def overdue(amount: Money, since: Day, service_code: Reference) -> None:
    """One day and seven days after an instalment fell due."""


@sms_message(max_segments=1)
def covered(amount: Money, on: Day, credit: Money, service_code: Reference) -> None:
    """Instead of these where the credit covers all of it: how the credit is used."""

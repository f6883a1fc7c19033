"""SMS to a customer whose sale an operator has changed."""

from core.wording.message import sms_message
from core.wording.slots import Count, Day, Money, Name


@sms_message(max_segments=2)
def plan_changed(
    appliance: Name,
    left: Money,
    parts: Count,
    next: Money,
    next_on: Day,
    last_on: Day,
    operator: Name,
) -> None:
    """The sale has a new price or other instalments: the plan from now on."""


@sms_message(max_segments=2)
def nothing_left(appliance: Name, operator: Name) -> None:
    """The new price of the sale has been paid already."""


@sms_message(max_segments=2)
def cancelled(appliance: Name, operator: Name) -> None:
    """The sale is cancelled."""

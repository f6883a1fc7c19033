"""SMS to a customer whose sale or debt an operator has changed."""

from core.wording.message import sms_message
from core.wording.slots import Count, Day, Money, Name, Reference, Serial


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


@sms_message(max_segments=2)
def discounted(
    appliance: Name, discount: Money, left: Money, next: Money, next_on: Day, operator: Name
) -> None:
    """A part of what was left to pay is forgiven."""


@sms_message(max_segments=2)
def rest_agreed(appliance: Name, rest: Money, on: Day, operator: Name) -> None:
    """The sale ends with one last payment of `rest`, due on that day."""


@sms_message(max_segments=2)
def settled(appliance: Name, operator: Name) -> None:
    """The sale is ended at what was paid: the rest is forgiven."""


@sms_message(max_segments=2)
def paused(appliance: Name, operator: Name) -> None:
    """The sale is paused: nothing of it falls due for now."""


@sms_message(max_segments=2)
def resumed(appliance: Name, next: Money, next_on: Day, operator: Name) -> None:
    """The pause is over: what falls due next, and when."""


@sms_message(max_segments=2)
def defaulted(appliance: Name, due: Money, operator: Name) -> None:
    """The sale is in default; `due` is overdue."""


@sms_message(max_segments=2)
def default_undone(appliance: Name, operator: Name) -> None:
    """The sale is in good standing again."""


@sms_message(max_segments=2)
def repossessed(appliance: Name, operator: Name) -> None:
    """The device was taken back: nothing more is owed for it."""


@sms_message(max_segments=2)
def written_off(appliance: Name, operator: Name) -> None:
    """What was left to pay is not asked for any more."""


@sms_message(max_segments=2)
def fee_waived(amount: Money, serial: Serial, since: Day, operator: Name) -> None:
    """An access fee of the meter `serial`, due since that day, need not be paid."""


@sms_message(max_segments=2)
def clawback_written_off(amount: Money, receipt: Reference, operator: Name) -> None:
    """What was owed since the payment with that receipt was taken back need not be paid."""

"""An agent collects cash for a device."""

from core.wording.message import message
from core.wording.messages.allocation import Allocations
from core.wording.slots import Money, Name, Reference, Serial, TimeOfDay


@message
def which_amount(serial: Serial, owner: Name) -> None:
    """Ask how much cash was given."""


@message
def confirm_cash(amount: Money, serial: Serial, allocations: Allocations) -> None:
    """What the cash will do; confirmed with the PIN."""


@message
def collected(receipt: Reference, owed: Money) -> None:
    """The end: the cash is booked; `owed` is what the agent owes the operator now."""


@message
def booked_before(amount: Money, serial: Serial, at: TimeOfDay, receipt: Reference) -> None:
    """The agent booked the same cash a few minutes before: ask whether it was paid again."""


@message
def second_payment() -> None:
    """Option: it is another payment, which is booked too."""

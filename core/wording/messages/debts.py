"""What a customer owes, debt by debt."""

from typing import Annotated

from core.wording.message import BoundMessage, message
from core.wording.slots import Day, MessageSlot, Money, Name, Reference


@message
def total(due: Money, credit: Money, account: Reference) -> None:
    """Above the list: what is due now, the credit for the next payment, and the account reference
    that pays debts without naming a device."""


@message
def nothing(credit: Money, account: Reference) -> None:
    """Instead of the list when nothing is owed."""


@message
def taken_back(receipt: Reference, amount: Money, since: Day) -> None:
    """What is owed for a payment that was taken back after it was used."""


@message
def overdue(description: Name, amount: Money, since: Day) -> None:
    """A debt that is due: what for, how much, since when."""


@message
def upcoming(description: Name, amount: Money, on: Day) -> None:
    """The next debt that falls due: what for, how much, when."""


@message
def paused(description: Name, amount: Money) -> None:
    """What is owed for a sale that is paused: it falls due on no day for now."""


@message
def line(debt: Annotated[BoundMessage, MessageSlot(taken_back, overdue, upcoming, paused)]) -> None:
    """A line of the list."""

"""What an agent owes and has earned, and the PIN."""

from typing import Annotated

from core.wording.message import BoundMessage, message
from core.wording.slots import Day, MessageSlot, Money, Name, Reference


@message
def summary(owed: Money, left: Money, commission: Money) -> None:
    """Above the agent's last receipts."""


@message
def no_receipts(owed: Money, left: Money, commission: Money) -> None:
    """The same when no cash was taken yet."""


@message
def collection(receipt: Reference, amount: Money, day: Day) -> None:
    """Cash taken, in the list."""


@message
def settlement(receipt: Reference, amount: Money, day: Day) -> None:
    """Cash handed over or taken back, in the list."""


@message
def entry(movement: Annotated[BoundMessage, MessageSlot(collection, settlement)]) -> None:
    """A line of the list."""


@message
def new_pin() -> None:
    """Ask for the present PIN and the new one."""


@message
def first_pin(name: Name) -> None:
    """To an agent who still has the operator's PIN: choose one's own first."""


@message
def change_now() -> None:
    """Go on to choosing it."""


@message
def pin_changed() -> None:
    """The new PIN holds."""

"""An agent's account: what is owed and earned; and the change of the PIN."""

from typing import Annotated

from core.wording.message import BoundMessage, message
from core.wording.slots import Day, MessageSlot, Money, Name, Reference


@message
def summary(owed: Money, left: Money, commission: Money) -> None:
    """Above the agent's last receipts: the debt to the operator, what is left of the limit, the
    commission earned."""


@message
def no_receipts(owed: Money, left: Money, commission: Money) -> None:
    """The debt, the limit left and the commission of an agent who has not taken any cash yet."""


@message
def collection(receipt: Reference, amount: Money, day: Day) -> None:
    """Cash taken from a customer, in the list."""


@message
def deposit(receipt: Reference, amount: Money, day: Day) -> None:
    """Cash deposited at the office, or returned to a customer, in the list."""


@message
def commission_back(amount: Money, day: Day) -> None:
    """Commission that was paid out and is owed again, in the list."""


@message
def written_off(amount: Money, day: Day) -> None:
    """A debt to the operator that need not be paid, in the list."""


@message
def entry(
    movement: Annotated[
        BoundMessage, MessageSlot(collection, deposit, commission_back, written_off)
    ],
) -> None:
    """A line of the list."""


@message
def new_pin() -> None:
    """Ask for the present PIN and the new one."""


@message
def first_pin(name: Name) -> None:
    """To an agent who still has the first PIN: choose another one."""


@message
def change_now() -> None:
    """The option that leads to the choice of a PIN."""


@message
def pin_changed() -> None:
    """The end: the new PIN is valid."""

"""What the parts of a payment are for, before it and in the receipt: `loan 300, 5.0 kWh`."""

from collections.abc import Sequence
from typing import Annotated

from core.wording.message import BoundMessage, message
from core.wording.slots import Amount, Count, Kwh, MessageListSlot, MessageSlot


@message
def taken_back(amount: Amount) -> None:
    """Money for what an earlier payment had bought before it was taken back, and no other debt."""


@message
def debts(amount: Amount) -> None:
    """Money for such a payment and for other debts, in one sum."""


@message
def loan(amount: Amount) -> None:
    """Money for down payments and instalments, and for a sale that was written off."""


@message
def access(amount: Amount) -> None:
    """Money for the access fees of a meter."""


@message
def energy(kwh: Kwh) -> None:
    """Energy bought, in kWh."""


@message
def days(count: Count) -> None:
    """Days of use bought."""


@message
def set_days(count: Count) -> None:
    """The device has that many days from now on, whatever it had."""


@message
def sync() -> None:
    """The device counts on with us after this code: it is typed before any other."""


@message
def unlock() -> None:
    """The device is paid off and runs without tokens from now on."""


@message
def credit(amount: Amount) -> None:
    """Money left over, kept for the next payment."""


Allocations = Annotated[
    Sequence[BoundMessage],
    MessageListSlot(
        energy, days, unlock, credit, first=(loan, access), instead=(taken_back, debts)
    ),
]
TokenContent = Annotated[BoundMessage, MessageSlot(energy, days, unlock, set_days, sync)]

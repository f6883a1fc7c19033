"""Parts of what a payment does, on the confirm screen and in the receipt: `loan 300, 5.0 kWh`."""

from collections.abc import Sequence
from typing import Annotated

from core.wording.message import BoundMessage, message
from core.wording.slots import Amount, Count, Kwh, MessageListSlot, MessageSlot


@message
def loan(amount: Amount) -> None:
    """Money that pays down payments and instalments."""


@message
def access(amount: Amount) -> None:
    """Money that pays the meter's standing fee (access rate)."""


@message
def energy(kwh: Kwh) -> None:
    """Energy bought."""


@message
def days(count: Count) -> None:
    """Days of use bought."""


@message
def unlock() -> None:
    """The device is paid off and runs for good."""


@message
def credit(amount: Amount) -> None:
    """Money left over, kept for the next payment."""


Allocations = Annotated[
    Sequence[BoundMessage], MessageListSlot(loan, access, energy, days, unlock, credit)
]
TokenContent = Annotated[BoundMessage, MessageSlot(energy, days, unlock)]

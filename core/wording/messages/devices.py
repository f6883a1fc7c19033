"""A customer's devices and their state."""

from typing import Annotated

from core.wording.message import BoundMessage, message
from core.wording.messages.kind import Kind
from core.wording.slots import Count, MessageSlot, Money, Serial


@message
def title() -> None:
    """Above the list of the caller's devices."""


@message
def none() -> None:
    """Instead of the list when the caller has no device."""


@message
def plan_left(left: Money, days: Count) -> None:
    """The state of a device on a plan: what is left to pay, and how many days are paid."""


@message
def days_left(days: Count) -> None:
    """The state of a device that is used by the day: how many days are paid."""


@message
def paid_off() -> None:
    """The state of a device whose plan is complete: it runs without tokens."""


@message
def as_you_go() -> None:
    """The state of a device without a plan: energy is bought when it is needed."""


State = Annotated[BoundMessage, MessageSlot(plan_left, days_left, paid_off, as_you_go)]


@message
def row(serial: Serial, kind: Kind, state: State) -> None:
    """A device in the list."""

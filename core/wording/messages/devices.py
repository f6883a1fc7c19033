"""A customer's devices and how they stand."""

from typing import Annotated

from core.wording.message import BoundMessage, message
from core.wording.messages.kind import Kind
from core.wording.slots import Count, MessageSlot, Money, Serial


@message
def title() -> None:
    """Above the list."""


@message
def none() -> None:
    """Instead of the list when the caller has none."""


@message
def plan_left(left: Money, days: Count) -> None:
    """How much is left on its payment plan, and for how many days it has been paid."""


@message
def days_left(days: Count) -> None:
    """It is used by the day: for how many days it has been paid."""


@message
def paid_off() -> None:
    """Its plan is complete: it runs for good."""


@message
def as_you_go() -> None:
    """It has no plan: energy is bought as it is used."""


State = Annotated[BoundMessage, MessageSlot(plan_left, days_left, paid_off, as_you_go)]


@message
def row(serial: Serial, kind: Kind, state: State) -> None:
    """A device in the list."""

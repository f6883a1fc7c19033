"""A customer's devices and how they stand."""

from typing import Annotated

from core.wording.message import Said, message
from core.wording.messages.kind import Kind
from core.wording.slots import Either, Money, Serial


@message
def title() -> None:
    """Above the list."""


@message
def none() -> None:
    """Instead of the list when the caller has none."""


@message
def plan_left(left: Money) -> None:
    """How much is left on its payment plan."""


@message
def paid_off() -> None:
    """Its plan is complete: it runs for good."""


@message
def as_you_go() -> None:
    """It has no plan: energy is bought as it is used."""


@message
def row(
    serial: Serial, kind: Kind, state: Annotated[Said, Either(plan_left, paid_off, as_you_go)]
) -> None:
    """A device in the list."""

"""Paying: which device, how much, what it will do, and the prompt on the phone."""

from typing import Annotated

from core.wording.message import BoundMessage, message
from core.wording.messages.allocation import Allocations
from core.wording.messages.kind import Kind
from core.wording.slots import MessageSlot, Money, Name, Serial, TimeOfDay


@message
def which_device() -> None:
    """Above the caller's devices."""


@message
def no_device() -> None:
    """Instead of the list when the caller has no device."""


@message
def device(serial: Serial, kind: Kind) -> None:
    """A device in the list."""


@message
def other_serial() -> None:
    """The last line of the list: pay for a device that is not in it."""


@message
def which_serial() -> None:
    """Ask for the serial number of a device."""


@message
def own_due(due: Money) -> None:
    """For the caller's own device: the sum that is due today."""


@message
def owner(owner: Name) -> None:
    """For another customer's device: the masked name of its owner."""


@message
def which_amount(
    serial: Serial, whose: Annotated[BoundMessage, MessageSlot(own_due, owner)]
) -> None:
    """Ask how much to pay."""


@message
def effect(allocations: Allocations) -> None:
    """What the money will do for the caller's own device."""


@message
def confirm(
    amount: Money, serial: Serial, outcome: Annotated[BoundMessage, MessageSlot(effect, owner)]
) -> None:
    """Before the money moves: what it will do."""


@message
def pay_now() -> None:
    """Option: pay."""


@message
def loan_only() -> None:
    """Option: pay the loan only, instead of buying energy."""


@message
def check_phone(amount: Money, serial: Serial) -> None:
    """The end: the payment request is on its way to the caller's phone, which asks for the
    mobile-money PIN."""


@message
def requested_before(amount: Money, serial: Serial, at: TimeOfDay) -> None:
    """The same request is on the caller's phone already: ask whether to send another."""


@message
def send_another() -> None:
    """Option: send another request, for a second payment."""

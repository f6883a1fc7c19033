"""A customer's last tokens, shown again."""

from core.wording.message import message
from core.wording.messages.allocation import TokenContent
from core.wording.messages.kind import Kind
from core.wording.slots import Day, Serial, TokenText


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
def which_token(serial: Serial) -> None:
    """Above the last tokens of a device."""


@message
def no_token(serial: Serial) -> None:
    """Instead of the list when the device has had no token."""


@message
def row(day: Day, content: TokenContent) -> None:
    """A token in the list: its day, and what it gives."""


@message
def show(serial: Serial, token: TokenText, content: TokenContent) -> None:
    """The token, as it is typed into the device."""


@message
def send() -> None:
    """Option: send the token again by SMS."""


@message
def sent(serial: Serial) -> None:
    """The end: the token comes by SMS."""

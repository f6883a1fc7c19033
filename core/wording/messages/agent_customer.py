"""An agent looks up a customer."""

from core.wording.message import message
from core.wording.messages.allocation import TokenContent
from core.wording.slots import Count, Day, Money, Name, Serial


@message
def card(owner: Name, due: Money, credit: Money, devices: Count) -> None:
    """What an agent may know of a customer."""


@message
def resend() -> None:
    """The option that sends the customer's last token again."""


@message
def owed() -> None:
    """The option that lists what the customer owes."""


@message
def which_device() -> None:
    """Above the customer's devices."""


@message
def no_device() -> None:
    """Instead of the devices when the customer has none."""


@message
def device(serial: Serial) -> None:
    """One of the customer's devices, in the list."""


@message
def last_token(serial: Serial, day: Day, content: TokenContent) -> None:
    """The last token of a device: its day and what it gives. Its digits are not shown."""


@message
def send() -> None:
    """The option that sends the last token to the customer."""


@message
def resent(serial: Serial) -> None:
    """The end: the token goes to the customer."""

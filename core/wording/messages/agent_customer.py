"""An agent looks a customer up."""

from core.wording.message import message
from core.wording.messages.allocation import TokenContent
from core.wording.slots import Count, Day, Money, Name, Serial


@message
def card(owner: Name, due: Money, credit: Money, devices: Count) -> None:
    """What an agent may know of a customer."""


@message
def resend() -> None:
    """Send the customer's last token again."""


@message
def owed() -> None:
    """See what the customer owes, line by line."""


@message
def which_device() -> None:
    """Above the customer's devices."""


@message
def no_device() -> None:
    """The customer has no device."""


@message
def device(serial: Serial) -> None:
    """One of the customer's devices."""


@message
def last_token(serial: Serial, day: Day, content: TokenContent) -> None:
    """The last token of a device, which is not shown: from when it is and what it gives."""


@message
def send() -> None:
    """Send it to the customer."""


@message
def resent(serial: Serial) -> None:
    """It goes to the customer."""

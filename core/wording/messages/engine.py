"""What the menu engine itself says, on any screen of any menu."""

from core.wording.message import message


@message
def back() -> None:
    """Beside `0`, at the foot of a screen."""


@message
def home() -> None:
    """Beside `00`, at the foot of a screen."""


@message
def more() -> None:
    """Beside `98`, when a list goes on."""


@message
def not_an_option() -> None:
    """Above the same screen, after a number that is not on it."""


@message
def not_an_amount() -> None:
    """Above the same question, after something that is no sum of money."""


@message
def not_a_serial() -> None:
    """Above the same question, after something that cannot be a serial number."""


@message
def not_a_phone() -> None:
    """Above the same question, after something that is no phone number."""


@message
def not_a_pin() -> None:
    """Above the same question: a PIN has four to six digits."""


@message
def not_two_pins() -> None:
    """Not a present and a new PIN with a space between them."""


@message
def not_a_text() -> None:
    """Above the same question, when a name or other words were expected."""


@message
def not_a_number() -> None:
    """Above the same question, when a whole number was expected."""


@message
def too_many_tries() -> None:
    """The end, after the same question was answered wrongly too often."""


@message
def interrupted() -> None:
    """Asked after a dropped call: go on where you were, or start over?"""


@message
def resume() -> None:
    """Option 1 after a dropped call."""


@message
def start_over() -> None:
    """Option 2 after a dropped call."""


@message
def lost_place() -> None:
    """Above the first screen, when the conversation could not be followed."""


@message
def still_working() -> None:
    """The end, when the work takes longer than the caller may wait: the answer comes by SMS."""


@message
def internal_error() -> None:
    """The end, when something of ours is broken."""

"""The messages of the menu engine itself, on any screen of any menu."""

from core.wording.message import message


@message
def back() -> None:
    """Beside `0`, in the last line of a screen."""


@message
def home() -> None:
    """Beside `00`, in the last line of a screen."""


@message
def more() -> None:
    """Beside `98`, in the last line of a screen that has another page."""


@message
def not_an_option() -> None:
    """Above the same screen, after a number that is not on it."""


@message
def not_an_amount() -> None:
    """Above the same question, after an answer that is not an amount."""


@message
def not_a_serial() -> None:
    """Above the same question, after an answer that cannot be a serial number."""


@message
def not_a_phone() -> None:
    """Above the same question, after an answer that is not a phone number."""


@message
def not_a_pin() -> None:
    """Above the same question: a PIN has four to six digits."""


@message
def not_two_pins() -> None:
    """Above the same question: the present PIN, a star and a new PIN are expected."""


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
    """After an interrupted session: ask whether to continue it or to start over."""


@message
def resume() -> None:
    """Option 1 after an interrupted session."""


@message
def start_over() -> None:
    """Option 2 after an interrupted session."""


@message
def lost_place() -> None:
    """Above the first screen, when the conversation could not be continued."""


@message
def still_working() -> None:
    """The end, when the work takes longer than the caller may wait. Whether it will be done is not
    known: who dials again sees it, and what changes money is texted as ever."""


@message
def busy() -> None:
    """The end, when too much is going on or the same rows are being changed: nothing was
    done."""


@message
def internal_error() -> None:
    """The end, after an error on our side."""


@message
def done_before() -> None:
    """Above what was shown for an earlier effect, of which the caller saw nothing, when the caller
    has asked for another since."""

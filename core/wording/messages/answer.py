"""Answers to texts that people send us."""

from core.wording.message import text_message
from core.wording.slots import Count, Day, Money, Name, Reference, Serial


@text_message(segments=2)
def usage(operator: Name, code: Reference) -> None:
    """The keywords, to whoever asks for help or writes something we do not know."""


@text_message(segments=1)
def balance(due: Money, credit: Money) -> None:
    """What is due now, and the credit."""


@text_message(segments=1)
def balance_next(due: Money, credit: Money, about: Name, amount: Money, on: Day) -> None:
    """The same, with what falls due next."""


@text_message(segments=1)
def loan(left: Money, due: Money, parts: Count) -> None:
    """What is left of loans and plans, how much of it is due, in how many instalments."""


@text_message(segments=1)
def how_to_pay() -> None:
    """How PAY is written."""


@text_message(segments=1)
def check_phone(amount: Money, serial: Serial) -> None:
    """The request to pay is on its way to the phone."""


@text_message(segments=1)
def no_token() -> None:
    """There has been no token for this device."""


@text_message(segments=1)
def language_is() -> None:
    """In the language that was chosen: it is spoken from now on."""


@text_message(segments=1)
def stopped() -> None:
    """No more reminders; receipts and tokens still come."""


@text_message(segments=1)
def started() -> None:
    """Reminders come again."""

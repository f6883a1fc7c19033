"""An agent helps a kit that refuses its codes."""

from typing import Annotated

from core.wording.message import BoundMessage, message
from core.wording.slots import Count, MessageSlot, Name, Serial


@message
def menu() -> None:
    """A kit refuses a code: a line of the menu."""


@message
def which_reading(serial: Serial, owner: Name) -> None:
    """The kit and its owner (masked name); ask for the count on its screen, or the refused code."""


@message
def sync() -> None:
    """A code that makes the kit count on with us."""


@message
def set_days(count: Count) -> None:
    """A code that gives the kit that many days from now on, whatever it had."""


@message
def add_days(count: Count) -> None:
    """A code that adds days."""


@message
def unlock() -> None:
    """A code that frees a paid-off kit."""


Code = Annotated[BoundMessage, MessageSlot(sync, set_days, add_days, unlock)]


@message
def single_code(code: Code) -> None:
    """What is done: one code is made."""


@message
def both_codes(first: Code, code: Code) -> None:
    """What is done: two codes are made, to be typed in this order."""


@message
def nothing_now() -> None:
    """What is done: only the count is set, the next payment gives a code."""


@message
def older() -> None:
    """What is done: a code that was made before is texted again and has to be typed first."""


Remedy = Annotated[BoundMessage, MessageSlot(single_code, both_codes, nothing_now, older)]


@message
def confirm(serial: Serial, remedy: Remedy) -> None:
    """What will be done, before the PIN."""


@message
def send() -> None:
    """The option that does it."""


@message
def done(serial: Serial) -> None:
    """The end: what was done."""

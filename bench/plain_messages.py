"""What the menu of the bench says: as much as peers say in theirs."""

from core.wording.message import message
from core.wording.slots import Amount, Msisdn


@message
def welcome() -> None:
    """The first screen."""


@message
def pay() -> None:
    """The first option."""


@message
def which_amount() -> None:
    """Ask for an amount."""


@message
def done(amount: Amount, caller: Msisdn) -> None:
    """The last screen."""

"""Help, and the report of a problem."""

from core.wording.message import message
from core.wording.slots import Name


@message
def how(operator: Name) -> None:
    """How to pay and how to type a token, in a few words."""


@message
def report() -> None:
    """Option: tell the operator about a problem."""


@message
def what() -> None:
    """Ask what the problem is."""


@message
def thanks() -> None:
    """The end: the report is stored."""

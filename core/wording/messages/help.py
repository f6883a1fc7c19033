"""Help, and reporting a problem."""

from core.wording.message import message
from core.wording.slots import Name


@message
def how(operator: Name) -> None:
    """How paying and typing a token works, in a few words."""


@message
def report() -> None:
    """Tell the operator about a problem."""


@message
def what() -> None:
    """Ask what is wrong."""


@message
def thanks() -> None:
    """The report is stored."""

"""An agent moves a meter to another customer."""

from core.wording.message import message
from core.wording.slots import Name, Serial


@message
def confirm_new_owner(serial: Serial, owner: Name) -> None:
    """Confirm who gets the meter."""


@message
def which_new_owner(serial: Serial, owner: Name) -> None:
    """Whose meter it is; ask for the phone number of who gets it."""


@message
def transferred(serial: Serial) -> None:
    """The meter has a new owner."""

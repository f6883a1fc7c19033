"""An agent transfers a meter to another customer."""

from core.wording.message import message
from core.wording.slots import Name, Serial


@message
def confirm_new_owner(serial: Serial, owner: Name) -> None:
    """Ask whether this customer (masked name) gets the meter."""


@message
def which_new_owner(serial: Serial, owner: Name) -> None:
    """The meter and its present owner (masked name); ask for the phone number of the new owner."""


@message
def transferred(serial: Serial) -> None:
    """The end: the meter has a new owner."""

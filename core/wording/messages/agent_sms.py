"""Texts to agents, and to the customers they serve."""

from core.wording.message import text_message
from core.wording.slots import Count, Money, Name, Reference, Serial


@text_message(segments=1)
def locked(minutes: Count) -> None:
    """To an agent whose PIN was missed three times."""


@text_message(segments=1)
def collected(amount: Money, serial: Serial, receipt: Reference, owed: Money) -> None:
    """To an agent who took cash: the receipt, and what is owed to the operator now."""


@text_message(segments=1)
def welcome(name: Name, serial: Serial, operator: Name, code: Reference) -> None:
    """To a customer who was registered with a device."""


@text_message(segments=1)
def moved_away(serial: Serial, operator: Name) -> None:
    """To the old owner of a meter that an agent moved to somebody else."""


@text_message(segments=1)
def settled(amount: Money, commission: Money, owed: Money, receipt: Reference) -> None:
    """To an agent who handed cash over."""


@text_message(segments=1)
def request_waits(serial: Serial, operator: Name) -> None:
    """To somebody whose device an agent has to set up first."""

"""The first screens: what each kind of caller can do."""

from core.wording.message import message
from core.wording.slots import Name


@message
def customer(name: Name) -> None:
    """Above a customer's menu."""


@message
def stranger(operator: Name) -> None:
    """Above the menu of a caller who is not known."""


@message
def pay() -> None:
    """Option: pay for a device."""


@message
def pay_serial() -> None:
    """Option: pay for any device by its serial number."""


@message
def owe() -> None:
    """Option: what the caller owes."""


@message
def tokens() -> None:
    """Option: the last tokens."""


@message
def devices() -> None:
    """Option: the caller's devices."""


@message
def register_device() -> None:
    """Option: register a further device."""


@message
def register_own() -> None:
    """Option, for a caller who is not known: register a device."""


@message
def language() -> None:
    """Option: choose the language."""


@message
def help() -> None:
    """Option: help, and report a problem."""

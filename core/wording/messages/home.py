"""The first screens: what each kind of caller can do."""

from core.wording.message import message
from core.wording.slots import Name


@message
def customer(name: Name) -> None:
    """Above a customer's menu."""


@message
def stranger(operator: Name) -> None:
    """Above the menu of somebody we do not know."""


@message
def pay() -> None:
    """Pay for a device."""


@message
def pay_serial() -> None:
    """Pay for anybody's device by its serial number."""


@message
def owe() -> None:
    """What I owe."""


@message
def tokens() -> None:
    """My last tokens."""


@message
def devices() -> None:
    """My devices."""


@message
def register_device() -> None:
    """A customer registers a further device."""


@message
def register_own() -> None:
    """Somebody we do not know registers a device."""


@message
def language() -> None:
    """Choose the language."""


@message
def help() -> None:
    """Help, and report a problem."""

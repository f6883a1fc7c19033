"""Why a use case said no: one message per code of `core.errors.Refused`."""

from core.wording.message import message
from core.wording.slots import Money, Serial


@message
def other() -> None:
    """For a refusal that has no words of its own."""


@message
def no_market() -> None:
    """The operator has not opened the service yet."""


@message
def unknown_serial(serial: Serial) -> None:
    """No device has this serial number."""


@message
def device_in_stock(serial: Serial) -> None:
    """The device has no owner yet."""


@message
def amount_invalid(cash_unit: Money) -> None:
    """Not a multiple of the smallest cash amount."""


@message
def amount_too_large(most: Money) -> None:
    """More than the channel takes at once."""


@message
def nothing_to_pay() -> None:
    """The device is paid off and nothing is owed."""


@message
def below_minimum(minimum: Money) -> None:
    """What would be left for energy is less than the tariff sells."""


@message
def language_unknown() -> None:
    """The market does not speak this language."""


@message
def no_such_token() -> None:
    """The token is not one of the caller's."""

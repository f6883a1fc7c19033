"""An agent registers a customer with a device."""

from core.wording.message import message
from core.wording.slots import Money, Msisdn, Name, Reference, Serial


@message
def which_name() -> None:
    """Ask for the first name."""


@message
def which_surname() -> None:
    """Ask for the surname."""


@message
def which_village() -> None:
    """Above the villages."""


@message
def no_village() -> None:
    """Instead of the villages when there are none."""


@message
def village(name: Name, village: Reference) -> None:
    """A village in the list, with its code."""


@message
def no_village_option() -> None:
    """Register without a village."""


@message
def which_kind() -> None:
    """Above the kinds of device."""


@message
def meter() -> None:
    """A meter."""


@message
def shs() -> None:
    """A solar home system."""


@message
def e_bike() -> None:
    """An e-bike."""


@message
def which_manufacturer() -> None:
    """Above the manufacturers."""


@message
def no_manufacturer() -> None:
    """Nobody makes this kind."""


@message
def which_tariff() -> None:
    """Above the tariffs."""


@message
def tariff(name: Name, price: Money) -> None:
    """A tariff in the list, with its price of a kWh."""


@message
def no_tariff() -> None:
    """There is no tariff."""


@message
def summary_new_meter(serial: Serial, tariff: Reference, owner: Name, phone: Msisdn) -> None:
    """The same for a meter that is not in the books yet."""

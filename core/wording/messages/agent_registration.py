"""An agent registers a customer with a device."""

from core.wording.message import message
from core.wording.slots import Msisdn, Name, Reference, Serial, UnitPrice


@message
def which_name() -> None:
    """Ask for the first name."""


@message
def which_surname() -> None:
    """Ask for the surname."""


@message
def which_village() -> None:
    """Above the villages; a code may be typed too."""


@message
def no_village() -> None:
    """Instead of the villages when there are none."""


@message
def village(name: Name, village: Reference) -> None:
    """A village in the list, with its code."""


@message
def no_village_option() -> None:
    """Option: register without a village."""


@message
def which_kind() -> None:
    """Above the kinds of device."""


@message
def meter() -> None:
    """Option: a meter."""


@message
def shs() -> None:
    """Option: a solar home system."""


@message
def e_bike() -> None:
    """Option: an e-bike."""


@message
def which_manufacturer() -> None:
    """Above the manufacturers."""


@message
def no_manufacturer() -> None:
    """Instead of the manufacturers when none makes this kind."""


@message
def ask_vendor(serial: Serial) -> None:
    """The device is not in stock: its manufacturer can be asked whether it has it."""


@message
def ask_and_go_on() -> None:
    """Option: ask the manufacturer, and go on meanwhile."""


@message
def which_tariff() -> None:
    """Above the tariffs."""


@message
def tariff(name: Name, price: UnitPrice) -> None:
    """A tariff in the list, with its price per kWh."""


@message
def no_tariff() -> None:
    """Instead of the tariffs when there is none."""


@message
def summary_new_meter(serial: Serial, tariff: Reference, owner: Name, phone: Msisdn) -> None:
    """What will be registered, for a meter that is not known yet: check its number."""

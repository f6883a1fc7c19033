"""The agent's menu, and the words that several of its entries share."""

from core.wording.message import message
from core.wording.slots import Msisdn, Name, Reference, Serial


@message
def home(name: Name) -> None:
    """Above the agent's menu."""


@message
def register() -> None:
    """Register a customer with a device."""


@message
def sell() -> None:
    """Sell an appliance on a plan."""


@message
def collect() -> None:
    """Collect cash."""


@message
def customer() -> None:
    """Look a customer up."""


@message
def transfer_meter() -> None:
    """Move a meter to another customer."""


@message
def account() -> None:
    """Own float, commission and last receipts."""


@message
def pin() -> None:
    """Change the PIN."""


@message
def which_phone() -> None:
    """Ask for the customer's phone number."""


@message
def confirm_customer(owner: Name) -> None:
    """The number is known: confirm the masked name."""


@message
def yes() -> None:
    """Yes, that is the person."""


@message
def row(name: Name) -> None:
    """A manufacturer or a plan in a list."""


@message
def which_serial() -> None:
    """Ask for the serial number on the device."""


@message
def which_appliance() -> None:
    """Above the appliances."""


@message
def no_appliance() -> None:
    """There is nothing to sell."""


@message
def agree() -> None:
    """Go on with this plan."""


@message
def summary_meter(serial: Serial, tariff: Reference, owner: Name, phone: Msisdn) -> None:
    """What will be registered; above the PIN."""


@message
def which_pin() -> None:
    """Ask for the agent's PIN, which confirms."""


@message
def kit_pin(serial: Serial, owner: Name) -> None:
    """Who gets which kit on the plan just agreed; ask for the agent's PIN."""


@message
def registered(serial: Serial) -> None:
    """Customer and device are registered."""

"""The agent's menu, and the messages that several of its entries share."""

from core.wording.message import message
from core.wording.slots import Msisdn, Name, Reference, Serial


@message
def home(name: Name) -> None:
    """Above the agent's menu; `name` is the agent."""


@message
def register() -> None:
    """Register a customer with a device: a line of the menu."""


@message
def sell() -> None:
    """Sell an appliance on a plan: a line of the menu."""


@message
def collect() -> None:
    """Collect cash: a line of the menu."""


@message
def customer() -> None:
    """Look up a customer: a line of the menu."""


@message
def transfer_meter() -> None:
    """Transfer a meter to another customer: a line of the menu."""


@message
def account() -> None:
    """The agent's limit, commission and last receipts: a line of the menu."""


@message
def pin() -> None:
    """Change the PIN: a line of the menu."""


@message
def which_phone() -> None:
    """Ask for the customer's phone number."""


@message
def confirm_customer(owner: Name) -> None:
    """The number is a customer's: ask whether this masked name is right."""


@message
def yes() -> None:
    """The option that confirms the name."""


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
    """Instead of the appliances when there is nothing to sell."""


@message
def agree() -> None:
    """The option that accepts the plan, tariff or amount."""


@message
def summary_meter(serial: Serial, tariff: Reference, owner: Name, phone: Msisdn) -> None:
    """What will be registered, shown before the PIN."""


@message
def which_pin() -> None:
    """Ask for the agent's PIN, which confirms the action."""


@message
def kit_pin(serial: Serial, owner: Name) -> None:
    """Who gets which kit on the plan just agreed; ask for the agent's PIN."""


@message
def waiting(serial: Serial) -> None:
    """The end: the manufacturer has not answered yet whether it has it; the agent gets an SMS."""


@message
def registered(serial: Serial) -> None:
    """The end: customer and device are registered."""

"""A caller registers a device in stock without an agent."""

from core.wording.message import message
from core.wording.messages.agent_plan import Cadence
from core.wording.slots import Count, Day, Money, Name, Reference, Serial, UnitPrice


@message
def which_serial() -> None:
    """Ask for the serial number of the caller's device."""


@message
def which_name() -> None:
    """Ask a new customer for the first name."""


@message
def which_surname() -> None:
    """Ask a new customer for the surname."""


@message
def which_village() -> None:
    """Above the villages."""


@message
def village(name: Name, village: Reference) -> None:
    """A village in the list, with its code."""


@message
def no_village() -> None:
    """Instead of the villages when there are none."""


@message
def without_village() -> None:
    """Option: go on without a village."""


@message
def with_tariff(serial: Serial, name: Name, price: UnitPrice) -> None:
    """Ask whether to register this meter with the tariff that is set for it."""


@message
def with_plan(
    product: Name,
    serial: Serial,
    parts: Count,
    each: Money,
    cadence: Cadence,
    last: Money,
    first_on: Day,
    down_payment: Money,
) -> None:
    """Ask whether to register this kit with the plan that is set for it."""


@message
def with_service(product: Name, serial: Serial, per_day: Money, least: Money) -> None:
    """Ask whether to register this kit, which is used by the day."""


@message
def agree() -> None:
    """Option: register it on these terms."""


@message
def agent_needed(serial: Serial) -> None:
    """The device has no tariff or plan yet: an agent must set it up."""


@message
def ask_agent() -> None:
    """Option: ask for the device; an agent completes the request."""


@message
def registered(serial: Serial) -> None:
    """The end: the device is the caller's."""


@message
def requested(serial: Serial) -> None:
    """The end: the request waits for an agent."""

"""Registering a device in stock oneself."""

from core.wording.message import message
from core.wording.messages.agent_plan import Cadence
from core.wording.slots import Count, Day, Money, Name, Reference, Serial


@message
def which_serial() -> None:
    """Ask for the serial number of the device that one has."""


@message
def which_name() -> None:
    """Ask a stranger for the first name."""


@message
def which_surname() -> None:
    """Ask a stranger for the surname."""


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
    """Go on without a village."""


@message
def with_tariff(serial: Serial, name: Name, price: Money) -> None:
    """A meter and the tariff that is set for it."""


@message
def with_plan(
    serial: Serial,
    parts: Count,
    each: Money,
    cadence: Cadence,
    last: Money,
    first_on: Day,
    down_payment: Money,
) -> None:
    """A kit and the plan that is set for it."""


@message
def with_service(serial: Serial, per_day: Money, least: Money) -> None:
    """A kit that is used by the day."""


@message
def agree() -> None:
    """Register it on these terms."""


@message
def agent_needed(serial: Serial) -> None:
    """Its tariff or plan is not set yet."""


@message
def ask_agent() -> None:
    """Ask for it anyway: an agent will complete it."""


@message
def registered(serial: Serial) -> None:
    """It is theirs."""


@message
def requested(serial: Serial) -> None:
    """The request waits for an agent."""

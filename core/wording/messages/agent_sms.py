"""Texts to agents, and to the customers they serve."""

from core.wording.message import text_message
from core.wording.messages.agent_plan import Cadence
from core.wording.slots import Count, Day, Money, Msisdn, Name, Reference, Serial


@text_message(segments=1)
def locked(minutes: Count) -> None:
    """To an agent whose PIN was missed three times."""


@text_message(segments=1)
def pin_reset(operator: Name) -> None:
    """To an agent for whom an operator made a new first PIN, which no text ever holds."""


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
def swapped(old: Serial, serial: Serial, operator: Name) -> None:
    """To a customer whose device was swapped for another."""


@text_message(segments=1)
def settled(amount: Money, commission: Money, owed: Money, receipt: Reference) -> None:
    """To an agent who handed cash over."""


@text_message(segments=1)
def cash_given_back(amount: Money, receipt: Reference, owed: Money) -> None:
    """To an agent whose customer has the cash back: it is not owed any more."""


@text_message(segments=1)
def request_waits(serial: Serial, operator: Name) -> None:
    """To somebody whose device an agent has to set up first."""


@text_message(segments=1)
def not_granted(serial: Serial, operator: Name) -> None:
    """To somebody who does not get the device they asked for."""


@text_message(segments=1)
def registered(serial: Serial, owner: Name, phone: Msisdn) -> None:
    """To an agent who registered a device."""


@text_message(segments=1)
def sold(appliance: Name, owner: Name, commission: Money) -> None:
    """To an agent who sold an appliance."""


@text_message(segments=1)
def low_float(left: Money, operator: Name) -> None:
    """To an agent who can hardly take cash any more."""


@text_message(segments=2)
def agreed_plan(
    appliance: Name,
    parts: Count,
    each: Money,
    cadence: Cadence,
    last: Money,
    first_on: Day,
    down_payment: Money,
    operator: Name,
) -> None:
    """To a customer who bought on a plan: what was agreed."""


@text_message(segments=2)
def agreed_service(appliance: Name, per_day: Money, least: Money, operator: Name) -> None:
    """The same for use by the day."""


@text_message(segments=1)
def somebody_waits(serial: Serial, code: Reference) -> None:
    """To an agent: somebody asked for a device from their own phone."""

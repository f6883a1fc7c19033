"""Texts to agents, and to the customers they serve."""

from core.wording.message import sms_message
from core.wording.messages.agent_plan import Cadence
from core.wording.slots import Count, Day, Money, Msisdn, Name, Reference, Serial


@sms_message(max_segments=1)
def pin_locked(minutes: Count) -> None:
    """To an agent whose PIN was missed three times."""


@sms_message(max_segments=1)
def pin_reset(operator: Name) -> None:
    """To an agent for whom an operator made a new first PIN, which no text ever holds."""


@sms_message(max_segments=1)
def collected(amount: Money, serial: Serial, receipt: Reference, owed: Money) -> None:
    """To an agent who took cash: the receipt, and what is owed to the operator now."""


@sms_message(max_segments=1)
def welcome(name: Name, serial: Serial, operator: Name, service_code: Reference) -> None:
    """To a customer who was registered with a device."""


@sms_message(max_segments=1)
def meter_transferred(serial: Serial, operator: Name) -> None:
    """To the old owner of a meter that an agent moved to somebody else."""


@sms_message(max_segments=1)
def device_replaced(old: Serial, serial: Serial, operator: Name) -> None:
    """To a customer whose device was swapped for another."""


@sms_message(max_segments=1)
def settled(amount: Money, commission: Money, owed: Money, receipt: Reference) -> None:
    """To an agent who handed cash over."""


@sms_message(max_segments=1)
def cash_returned(amount: Money, receipt: Reference, owed: Money) -> None:
    """To an agent whose customer has the cash back: it is not owed any more."""


@sms_message(max_segments=1)
def request_received(serial: Serial, operator: Name) -> None:
    """To somebody whose device an agent has to set up first."""


@sms_message(max_segments=1)
def request_refused(serial: Serial, operator: Name) -> None:
    """To somebody who does not get the device they asked for."""


@sms_message(max_segments=1)
def registered(serial: Serial, owner: Name, phone: Msisdn) -> None:
    """To an agent who registered a device."""


@sms_message(max_segments=1)
def sold(appliance: Name, owner: Name, commission: Money) -> None:
    """To an agent who sold an appliance."""


@sms_message(max_segments=1)
def low_float(left: Money, operator: Name) -> None:
    """To an agent who can hardly take cash any more."""


@sms_message(max_segments=2)
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


@sms_message(max_segments=2)
def agreed_service(appliance: Name, per_day: Money, least: Money, operator: Name) -> None:
    """The same for use by the day."""


@sms_message(max_segments=1)
def request_waiting(serial: Serial, service_code: Reference) -> None:
    """To an agent: somebody asked for a device from their own phone."""

"""SMS to agents, and to the customers whom they serve."""

from core.wording.message import sms_message
from core.wording.messages.agent_plan import Cadence
from core.wording.slots import Count, Day, Money, Msisdn, Name, Reference, Serial


@sms_message(max_segments=1)
def pin_locked(minutes: Count) -> None:
    """To an agent whose PIN was typed wrongly three times."""


@sms_message(max_segments=1)
def pin_reset(operator: Name) -> None:
    """To an agent for whom an operator set a new first PIN. No SMS ever contains a PIN."""


@sms_message(max_segments=1)
def collected(amount: Money, serial: Serial, receipt: Reference, owed: Money) -> None:
    """Receipt to an agent who took cash; `owed` is what the agent owes the operator now."""


@sms_message(max_segments=1)
def welcome(name: Name, serial: Serial, operator: Name, service_code: Reference) -> None:
    """To a customer who was registered with a device."""


@sms_message(max_segments=1)
def meter_transferred(serial: Serial, operator: Name) -> None:
    """To the previous owner of a meter that an agent transferred to another customer."""


@sms_message(max_segments=1)
def device_replaced(old: Serial, serial: Serial, operator: Name) -> None:
    """To a customer whose device `old` was replaced by `serial`."""


@sms_message(max_segments=1)
def settled(amount: Money, commission: Money, owed: Money, receipt: Reference) -> None:
    """Receipt to an agent who deposited cash at the office."""


@sms_message(max_segments=1)
def cash_returned(amount: Money, receipt: Reference, owed: Money) -> None:
    """To an agent whose customer got the cash back: the agent does not owe it any more."""


@sms_message(max_segments=2)
def commission_back(amount: Money, appliance: Name, commission: Money, owed: Money) -> None:
    """To an agent whose sale was cancelled or costs less now: commission was taken back.

    `commission` is what is left to be paid out, `owed` what the agent owes.
    """


@sms_message(max_segments=1)
def commission_paid(amount: Money, commission: Money, receipt: Reference) -> None:
    """Receipt to an agent whose commission was paid out; `commission` is what is left of it."""


@sms_message(max_segments=1)
def shortfall_written_off(amount: Money, owed: Money, operator: Name) -> None:
    """To an agent who need not pay a part of what was owed."""


@sms_message(max_segments=1)
def request_received(serial: Serial, operator: Name) -> None:
    """To a caller who asked for a device that an agent has to set up first."""


@sms_message(max_segments=1)
def request_refused(serial: Serial, operator: Name) -> None:
    """To a caller who does not get the device that they asked for."""


@sms_message(max_segments=1)
def registered(serial: Serial, owner: Name, phone: Msisdn) -> None:
    """To an agent who registered a device."""


@sms_message(max_segments=1)
def not_at_vendor(serial: Serial) -> None:
    """To an agent whose registration waited: the manufacturer does not know the device."""


@sms_message(max_segments=1)
def vendor_silent(serial: Serial) -> None:
    """To an agent whose registration waited: the manufacturer's server did not answer for a day."""


@sms_message(max_segments=1)
def not_registered(serial: Serial) -> None:
    """To an agent whose registration waited: the manufacturer knows the device, but it has become
    impossible meanwhile."""


@sms_message(max_segments=1)
def sold(appliance: Name, owner: Name, commission: Money) -> None:
    """To an agent who sold an appliance."""


@sms_message(max_segments=1)
def low_float(left: Money, operator: Name) -> None:
    """To an agent who can take only little more cash before the limit is reached."""


@sms_message(max_segments=2)
def agreed_plan(
    appliance: Name,
    parts: Count,
    each: Money,
    cadence: Cadence,
    last: Money,
    first_on: Day,
    down_payment: Money,
    account: Reference,
    operator: Name,
) -> None:
    """To a customer who bought on a plan: the agreed terms, and the account reference to pay to."""


@sms_message(max_segments=2)
def agreed_service(appliance: Name, per_day: Money, least: Money, operator: Name) -> None:
    """To a customer who uses an appliance by the day: the price of a day and the least payment."""


@sms_message(max_segments=1)
def request_waiting(serial: Serial, service_code: Reference) -> None:
    """To an agent: a caller asked for a device by phone; `service_code` is what to dial."""

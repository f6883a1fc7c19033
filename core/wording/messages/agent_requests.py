"""What waits for an agent: requests by phone, and what the agent asked for by text."""

from core.wording.message import message
from core.wording.messages.agent_plan import Cadence
from core.wording.messages.kind import Kind
from core.wording.slots import Count, Day, Money, Msisdn, Name, Reference, Serial


@message
def which_entry() -> None:
    """Above the choice between somebody new and those who wait."""


@message
def new_customer() -> None:
    """Register somebody who did not ask by phone."""


@message
def customer_requests() -> None:
    """Serve those who asked by phone."""


@message
def sms_requests() -> None:
    """Confirm what the agent asked for by text."""


@message
def which_sms_request() -> None:
    """Above what the agent asked for by text."""


@message
def no_sms_request() -> None:
    """Nothing asked for by text waits any more."""


@message
def drop() -> None:
    """Do not do what was asked for by text."""


@message
def dropped(serial: Serial) -> None:
    """It is not asked for any more."""


@message
def stale(serial: Serial, owner: Name) -> None:
    """What was asked for by text has become impossible: it can only be dropped."""


@message
def refuse() -> None:
    """Do not grant somebody the device."""


@message
def refused(serial: Serial) -> None:
    """Whoever asked is told that they do not get it."""


@message
def which_request() -> None:
    """Above those who wait."""


@message
def no_request() -> None:
    """Nobody waits any more."""


@message
def request(owner: Name, serial: Serial) -> None:
    """Somebody who waits, in the list."""


@message
def request_details(owner: Name, phone: Msisdn, serial: Serial, kind: Kind) -> None:
    """Who wants what, before the terms are asked for."""


@message
def summary_plan(
    serial: Serial,
    owner: Name,
    phone: Msisdn,
    appliance: Reference,
    parts: Count,
    each: Money,
    cadence: Cadence,
    last: Money,
    first_on: Day,
    down_payment: Money,
) -> None:
    """What was asked for by text for a kit, before the PIN."""


@message
def summary_service(
    serial: Serial, owner: Name, phone: Msisdn, appliance: Reference, per_day: Money, least: Money
) -> None:
    """The same where it is used by the day."""

"""Requests that wait for an agent: devices asked for by phone, registrations by SMS."""

from core.wording.message import message
from core.wording.messages.agent_plan import Cadence
from core.wording.messages.kind import Kind
from core.wording.slots import Count, Day, Money, Msisdn, Name, Serial


@message
def which_entry() -> None:
    """Above the choice between a new customer and waiting requests."""


@message
def new_customer() -> None:
    """Option: register a customer who did not ask by phone."""


@message
def customer_requests() -> None:
    """Option: serve the customers who asked by phone."""


@message
def sms_requests() -> None:
    """Option: confirm the registrations that the agent asked for by SMS."""


@message
def which_sms_request() -> None:
    """Above the registrations that the agent asked for by SMS."""


@message
def no_sms_request() -> None:
    """Instead of that list when none waits any more."""


@message
def drop() -> None:
    """Option: cancel a registration that was asked for by SMS."""


@message
def dropped(serial: Serial) -> None:
    """The end: the registration by SMS is cancelled."""


@message
def stale(serial: Serial, owner: Name) -> None:
    """A registration by SMS that has become impossible: the agent can only drop it."""


@message
def refuse() -> None:
    """Option: refuse the device to the customer who asked for it."""


@message
def refused(serial: Serial) -> None:
    """The end: the customer who asked is told that they do not get the device."""


@message
def which_request() -> None:
    """Above the customers who wait."""


@message
def no_request() -> None:
    """Instead of that list when no customer waits any more."""


@message
def request(owner: Name, serial: Serial) -> None:
    """A waiting request in the list."""


@message
def request_details(owner: Name, phone: Msisdn, serial: Serial, kind: Kind) -> None:
    """Who asks for which device, before the agent is asked for the terms."""


@message
def summary_plan(
    serial: Serial,
    owner: Name,
    phone: Msisdn,
    product: Name,
    parts: Count,
    each: Money,
    cadence: Cadence,
    last: Money,
    first_on: Day,
    down_payment: Money,
) -> None:
    """A registration by SMS of a kit on a plan, shown before the PIN."""


@message
def summary_service(
    serial: Serial, owner: Name, phone: Msisdn, product: Name, per_day: Money, least: Money
) -> None:
    """A registration by SMS of a kit that is used by the day, shown before the PIN."""

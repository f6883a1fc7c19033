"""Replies to SMS that customers and agents send. Keywords in them are those of
gateway/sms/keywords.py."""

from core.wording.message import sms_message
from core.wording.messages.agent_plan import Cadence
from core.wording.messages.allocation import Allocations
from core.wording.messages.devices import State
from core.wording.slots import (
    Count,
    Day,
    FreeText,
    Money,
    Msisdn,
    Name,
    Reference,
    Serial,
    TimeOfDay,
)


@sms_message(max_segments=2)
def usage(operator: Name, service_code: Reference) -> None:
    """The keywords, to a sender who asks for help or whose text is not understood."""


@sms_message(max_segments=2)
def usage_agent(operator: Name, service_code: Reference) -> None:
    """The keywords, to an agent, who can also register."""


@sms_message(max_segments=1)
def balance(due: Money, credit: Money) -> None:
    """What is due now, and the credit."""


@sms_message(max_segments=1)
def balance_next(due: Money, credit: Money, description: Name, amount: Money, on: Day) -> None:
    """What is due now, the credit, and the next debt: what for, how much, when."""


@sms_message(max_segments=1)
def balance_device(
    serial: Serial,
    state: State,
    due: Money,
    credit: Money,
) -> None:
    """The state of one device, what is due now, and the credit."""


@sms_message(max_segments=1)
def loan(left: Money, due: Money, parts: Count) -> None:
    """What is left to pay on loans and plans, how much of it is due, in how many instalments."""


@sms_message(max_segments=1)
def no_loan() -> None:
    """There are no instalments to pay."""


@sms_message(max_segments=1)
def how_to_pay() -> None:
    """How PAY is written."""


@sms_message(max_segments=1)
def requested_before(amount: Money, serial: Serial, at: TimeOfDay, service_code: Reference) -> None:
    """The same payment request is on the phone already; another one is sent from the menu only."""


@sms_message(max_segments=1)
def check_phone(amount: Money, serial: Serial) -> None:
    """The payment request is on its way to the phone."""


@sms_message(max_segments=2)
def check_phone_own(amount: Money, serial: Serial, allocations: Allocations) -> None:
    """The payment request is on its way; to the owner of the device, who may know what the money
    will do."""


@sms_message(max_segments=1)
def no_token() -> None:
    """The device has not had a token yet."""


@sms_message(max_segments=1)
def language_changed() -> None:
    """In the language that was chosen: it is used from now on."""


@sms_message(max_segments=1)
def how_to_choose_language() -> None:
    """How LANG is written."""


@sms_message(max_segments=1)
def stopped() -> None:
    """No more reminders; receipts and tokens are still sent."""


@sms_message(max_segments=1)
def started() -> None:
    """Reminders are sent again."""


@sms_message(max_segments=2)
def how_to_register() -> None:
    """How an agent writes REG, with a tariff or with a plan."""


@sms_message(max_segments=2)
def confirm_meter(
    serial: Serial, phone: Msisdn, owner: FreeText, tariff: FreeText, service_code: Reference
) -> None:
    """A meter that an agent asked to register; to be confirmed in the menu with the PIN."""


@sms_message(max_segments=2)
def confirm_plan(
    serial: Serial,
    phone: Msisdn,
    owner: FreeText,
    product: FreeText,
    parts: Count,
    each: Money,
    cadence: Cadence,
    down_payment: Money,
    service_code: Reference,
) -> None:
    """A device on a plan that an agent asked to register; to be confirmed in the menu with the
    PIN."""


@sms_message(max_segments=2)
def confirm_service(
    serial: Serial,
    phone: Msisdn,
    owner: FreeText,
    product: FreeText,
    per_day: Money,
    least: Money,
    service_code: Reference,
) -> None:
    """A device used by the day that an agent asked to register; to be confirmed in the menu with
    the PIN."""

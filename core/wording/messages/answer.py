"""Answers to texts that people send us. The words they teach are those of gateway/sms/keywords."""

from core.wording.message import text_message
from core.wording.messages.agent_plan import Cadence
from core.wording.messages.devices import State
from core.wording.messages.part import Split
from core.wording.slots import Count, Day, Money, Msisdn, Name, Reference, Serial, Words


@text_message(segments=2)
def usage(operator: Name, code: Reference) -> None:
    """The keywords, to whoever asks for help or writes something we do not know."""


@text_message(segments=2)
def usage_agent(operator: Name, code: Reference) -> None:
    """The same for an agent, who can also register."""


@text_message(segments=1)
def balance(due: Money, credit: Money) -> None:
    """What is due now, and the credit."""


@text_message(segments=1)
def balance_next(due: Money, credit: Money, about: Name, amount: Money, on: Day) -> None:
    """The same, with what falls due next."""


@text_message(segments=1)
def balance_device(
    serial: Serial,
    state: State,
    due: Money,
    credit: Money,
) -> None:
    """The same, with how one device stands."""


@text_message(segments=1)
def loan(left: Money, due: Money, parts: Count) -> None:
    """What is left of loans and plans, how much of it is due, in how many instalments."""


@text_message(segments=1)
def no_loan() -> None:
    """There are no instalments to pay."""


@text_message(segments=1)
def how_to_pay() -> None:
    """How PAY is written."""


@text_message(segments=1)
def check_phone(amount: Money, serial: Serial) -> None:
    """The request to pay is on its way to the phone."""


@text_message(segments=2)
def check_phone_own(amount: Money, serial: Serial, split: Split) -> None:
    """The same, to the owner of the device, who may know what the money will do."""


@text_message(segments=1)
def no_token() -> None:
    """There has been no token for this device."""


@text_message(segments=1)
def language_is() -> None:
    """In the language that was chosen: it is spoken from now on."""


@text_message(segments=1)
def how_to_choose() -> None:
    """How LANG is written."""


@text_message(segments=1)
def stopped() -> None:
    """No more reminders; receipts and tokens still come."""


@text_message(segments=1)
def started() -> None:
    """Reminders come again."""


@text_message(segments=2)
def how_to_register() -> None:
    """How an agent's REG is written, with a tariff or with a plan."""


@text_message(segments=2)
def confirm_meter(
    serial: Serial, phone: Msisdn, owner: Words, tariff: Words, code: Reference
) -> None:
    """What an agent asked to register, to be confirmed from the menu with the PIN."""


@text_message(segments=2)
def confirm_plan(
    serial: Serial,
    phone: Msisdn,
    owner: Words,
    appliance: Words,
    parts: Count,
    each: Money,
    cadence: Cadence,
    down_payment: Money,
    code: Reference,
) -> None:
    """The same for a device on a plan."""


@text_message(segments=2)
def confirm_service(
    serial: Serial,
    phone: Msisdn,
    owner: Words,
    appliance: Words,
    per_day: Money,
    least: Money,
    code: Reference,
) -> None:
    """The same for a device that is used by the day."""

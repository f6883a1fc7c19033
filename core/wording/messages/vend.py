"""SMS about codes and credit that the manufacturer of a device gives over its own server."""

from core.wording.message import sms_message
from core.wording.messages.allocation import Allocations, TokenContent
from core.wording.slots import Count, Money, Name, Reference, Serial, TokenText


@sms_message(max_segments=2)
def receipt(
    serial: Serial, amount: Money, allocations: Allocations, due: Money, receipt: Reference
) -> None:
    """What a payment did when its code, or its credit on the device, comes a little later."""


@sms_message(max_segments=1)
def follows(serial: Serial) -> None:
    """Besides the receipt with another code: this device's comes a little later."""


@sms_message(max_segments=1)
def delayed(serial: Serial, operator: Name) -> None:
    """The manufacturer refuses, or it is not known whether it was done: a person looks into it."""


@sms_message(max_segments=1)
def credited(serial: Serial, content: TokenContent) -> None:
    """The credit is on the device; there is no code to type."""


@sms_message(max_segments=1)
def code_part(
    token: TokenText, serial: Serial, content: TokenContent, part: Count, parts: Count
) -> None:
    """One of several codes that are typed one after the other."""


@sms_message(max_segments=2)
def given_back(serial: Serial, amount: Money, operator: Name) -> None:
    """There will be no code: the money is the customer's credit now."""

"""SMS about money that goes back: refunded by us, or reversed by the provider."""

from core.wording.message import sms_message
from core.wording.slots import Money, Name, Reference, Serial


@sms_message(max_segments=1)
def refunded(amount: Money, receipt: Reference, operator: Name) -> None:
    """To a payer whose money was not used and went back, in whole or in part."""


@sms_message(max_segments=1)
def unused_went_back(amount: Money, receipt: Reference, operator: Name) -> None:
    """To an owner: a part of a payment that was only credit went back, to the payer or by the
    provider; nothing is owed for it."""


@sms_message(max_segments=2)
def reversed(amount: Money, serial: Serial, receipt: Reference, due: Money, operator: Name) -> None:
    """To an owner: the provider reversed a payment or a part of one, so what it had paid is owed
    again."""


@sms_message(max_segments=2)
def returned(amount: Money, serial: Serial, receipt: Reference, due: Money, operator: Name) -> None:
    """To an owner: money of a payment was given back to the payer, so what it had paid is owed."""


@sms_message(max_segments=1)
def credit_given_back(amount: Money, receipt: Reference, credit: Money, operator: Name) -> None:
    """To a customer whose credit was given back."""


@sms_message(max_segments=1)
def credit_moved_away(amount: Money, owner: Name, credit: Money, operator: Name) -> None:
    """To a customer whose credit was moved to another; `owner` is the other, masked."""


@sms_message(max_segments=1)
def credit_moved_here(amount: Money, owner: Name, credit: Money, operator: Name) -> None:
    """To a customer who got credit of another, who is `owner`, masked."""

"""Texts about money that goes back: refunded by us, or taken back by the provider."""

from core.wording.message import sms_message
from core.wording.slots import Money, Name, Reference, Serial


@sms_message(max_segments=1)
def refunded(amount: Money, receipt: Reference, operator: Name) -> None:
    """To a payer whose money could not be matched and has been sent back."""


@sms_message(max_segments=2)
def reversed(amount: Money, serial: Serial, receipt: Reference, due: Money, operator: Name) -> None:
    """To an owner: the provider took a payment back, so what it had paid is owed again."""

"""SMS about money that goes back: refunded by us, or reversed by the provider."""

from core.wording.message import sms_message
from core.wording.slots import Money, Name, Reference, Serial


@sms_message(max_segments=1)
def refunded(amount: Money, receipt: Reference, operator: Name) -> None:
    """To a payer whose money could not be matched to a device and was sent back."""


@sms_message(max_segments=2)
def reversed(amount: Money, serial: Serial, receipt: Reference, due: Money, operator: Name) -> None:
    """To an owner: the provider reversed a payment, so what it had paid is owed again."""

"""Refusals of the toy menu; the section is `refused`, as in the product."""

from gateway.wording.message import Message
from gateway.wording.messages.refused import other
from gateway.wording.slots import CountSlot, MoneySlot

REFUSALS = [
    other,
    Message("refused.unknown_serial", {}),
    Message("refused.too_small", {"minimum": MoneySlot()}),
    Message("refused.wrong_pin", {"left": CountSlot()}),
]

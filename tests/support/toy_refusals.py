"""Refusals of the toy menu; the section is `refused`, as in the product."""

from typing import Any

from core.wording.message import Message
from core.wording.messages.refused import other
from core.wording.slots import CountSlot, MoneySlot

REFUSALS: list[Message[Any]] = [
    other,
    Message("refused.unknown_serial", {}),
    Message("refused.too_small", {"minimum": MoneySlot()}),
    Message("refused.wrong_pin", {"left": CountSlot()}),
]

"""A message declares its slots, each with a width."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from core.gsm7 import is_gsm7
from core.money import Money, UnitPrice
from core.wording.message import BoundMessage, Message, message
from core.wording.product import product_wording
from core.wording.slots import (
    ChoiceSlot,
    DaySlot,
    MessageListSlot,
    MessageSlot,
    MoneySlot,
    UnitPriceSlot,
    VerbatimSlot,
)


def test_a_slot_without_a_width_fails_where_it_is_declared() -> None:
    with pytest.raises(TypeError, match="name"):

        @message
        def bad(name: str) -> None: ...


TYPED = "Ŋɔ\u200b👍\u2011ɖ`" * 400


def hostile(message: Message[Any]) -> BoundMessage:
    """The message with every slot for words filled by what a stranger may type."""
    return BoundMessage(message, {name: _value(slot) for name, slot in message.slots.items()})


def _value(slot: Any) -> object:
    match slot:
        case ChoiceSlot():
            return slot.choices[0]
        case MessageSlot():
            return hostile(slot.choices[0])
        case MessageListSlot():
            return [hostile(part) for part in slot.parts]
        case MoneySlot():
            return Money(1_00, "KES")
        case UnitPriceSlot():
            return UnitPrice(796_400, "UGX")
        case DaySlot():
            return date(2026, 1, 31)
    return TYPED if slot.value_type is str else 1


@pytest.mark.parametrize("language", ["en", "sw", "fr"])
def test_every_text_repeats_what_was_typed_in_gsm7_and_cut(language: str) -> None:
    wording, codes = product_wording(), VerbatimSlot("token_width")
    for key, declared in wording.messages.items():
        text = wording.render(hostile(declared), language)
        assert is_gsm7(text), key
        if codes not in declared.slots.values():  # a code is ours, and never cut
            assert len(text) < 800, key

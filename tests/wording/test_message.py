"""A message declares its slots, each with a width."""

from __future__ import annotations

import pytest

from core.gsm7 import is_gsm7
from core.wording.message import message
from core.wording.messages import refused
from core.wording.product import product_wording


def test_a_slot_without_a_width_fails_where_it_is_declared() -> None:
    with pytest.raises(TypeError, match="name"):

        @message
        def bad(name: str) -> None: ...


@pytest.mark.parametrize("language", ["en", "sw", "fr"])
def test_a_text_repeats_what_was_typed_in_gsm7_and_cut(language: str) -> None:
    typed = "Ŋɔ\u200b👍ɖ" * 400
    for repeating in (refused.unknown_serial(serial=typed), refused.not_your_device(typed=typed)):
        text = product_wording().render(repeating, language)
        assert is_gsm7(text)
        assert "?" not in text
        assert "No" in text
        assert len(text) < 200

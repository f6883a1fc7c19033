"""Names as others see them: masked, whatever their letters are."""

import pytest

from core.names import mask_name


@pytest.mark.parametrize(
    ("name", "surname", "masked"),
    [
        ("Amina", "Odhiambo", "A***a O."),
        ("A", "", "A***"),
        ("Ngu\u0303gi\u0303", "", "N***\u0129"),  # the mark is a character of its own
        ("\u200bŊɔba\u200b", "\u2019Tunde", "Ŋ***a T."),
        ("💡 Ade\u0329", "Ẹ\u0300bùn", "A***e Ẹ."),
        ("💡", "", "***"),
    ],
)
def test_a_mask_shows_letters_only(name: str, surname: str, masked: str) -> None:
    assert mask_name(name, surname) == masked

"""Counting as the network counts: septets, units and parts of a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.gsm7 import clip, is_gsm7, segments, septets, to_gsm7, unsupported_characters

EXTENSION = "\f^{}\\[~]|€"


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("Pay 500", 7), ("a\nb", 3), ("€5", 3), ("[x]", 5), ("@£$¥èéùìòÇΔΞ", 12)],
)
def test_extension_characters_cost_two_septets(text: str, count: int) -> None:
    assert septets(text) == count


def test_the_alphabet_has_127_basic_and_10_extension_characters() -> None:
    alphabet = [chr(code) for code in range(0x10000) if is_gsm7(chr(code))]

    assert len(alphabet) == 127 + 10
    assert [char for char in alphabet if septets(char) == 2] == sorted(EXTENSION)


@pytest.mark.parametrize("char", ["ç", "ê", "ŋ", "\u2019", "\u2014", "\t", "\u00a0", "ɛ", "💡"])
def test_characters_common_in_our_languages_but_not_gsm7_are_refused(char: str) -> None:
    assert not is_gsm7(char)
    assert unsupported_characters(f"a{char}b{char}") == char
    with pytest.raises(ValueError, match="not GSM-7"):
        septets(char)


@pytest.mark.parametrize(
    ("name", "spelt"),
    [
        ("Ngũgĩ", "Ngugi"),
        ("Ngu\u0303gi\u0303", "Ngugi"),
        ("François", "Francois"),
        ("N\u2019Golo", "N'Golo"),
        *(("Kɔfi Mɛnsah", "Kofi Mensah"), ("Ŋɔba", "Noba"), ("Ɖela", "Dela"), ("Ƙasim", "Kasim")),
        *(("Łukasz", "Lukasz"), ("Œlla", "Oella"), ("N`Guessan", "N'Guessan")),
        *(("N\u02bcda", "N'da"), ("Jean\u2011Marie", "Jean-Marie")),
        ("O\u200bdhiambo", "Odhiambo"),
        *(("Ẹ̀bùn", "Ebùn"), ("Ɓala Ɗan", "Bala Dan"), ("Çelik ç", "Çelik c"), ("Þór", "Thor")),
        *(
            ("Иван", "Ivan"),
            ("Ngũgĩ 💡", "Ngugi "),
            ("\ufffd\x00👍🏿", ""),
            ("a\u00a0b\tc", "a b c"),
        ),
        *(("Ahmed\u061f", "Ahmed?"), ("Juma?", "Juma?")),
    ],
)
def test_a_persons_name_gets_its_nearest_spelling(name: str, spelt: str) -> None:
    assert to_gsm7(name) == spelt


@given(st.text(st.characters(categories=["L", "M", "N"])))
def test_no_letter_becomes_a_question_mark(name: str) -> None:
    assert is_gsm7(to_gsm7(name))
    assert "?" not in to_gsm7(name)


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("a" * 160, [160]),
        ("a" * 161, [153, 8]),
        ("a" * 306, [153, 153]),
        ("a" * 152 + "€" + "a" * 20, [152, 21]),  # the euro is not cut in two
        ("ŋ" * 70, [70]),
        ("ŋ" * 71, [67, 4]),
        ("ŋ" * 66 + "💡" + "ŋ" * 5, [66, 6]),  # nor is a surrogate pair
    ],
)
def test_a_text_is_cut_where_a_network_may_cut_it(text: str, lengths: list[int]) -> None:
    assert [len(part) for part in segments(text)] == lengths


@given(st.text())
def test_parts_join_to_the_whole_and_each_fits(text: str) -> None:
    parts = segments(text)

    assert "".join(parts) == text
    if is_gsm7(text) and len(parts) > 1:
        assert all(septets(part) <= 153 for part in parts)


@given(st.text(), st.integers(min_value=0, max_value=40))
def test_clipped_names_are_gsm7_and_fit(name: str, width: int) -> None:
    assert septets(clip(to_gsm7(name), width)) <= width

"""Keywords: every language, case, spaces and small slips; nothing that may mean two things."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sms.keywords import WORDS, Command, parse, serial_and_amount


@pytest.mark.parametrize(
    ("body", "intent", "words"),
    [
        ("BAL", "balance", ()),
        ("  bal  ", "balance", ()),
        ("Salio 0100", "balance", ("0100",)),
        ("PAY 0100-0000-016 500", "pay", ("0100-0000-016", "500")),
        ("pay0100234 500", "pay", ("0100234", "500")),
        ("Lipa, 0100234; 500", "pay", ("0100234", "500")),
        ("TOKN", "token", ()),
        ("tokne", "token", ()),
        ("TOOKEN", "token", ()),
        ("lang SW", "language", ("SW",)),
        ("stop.", "stop", ()),
        ("MSAADA", "help", ()),
    ],
)
def test_a_text_is_read_as_people_write_it(body, intent, words):
    assert parse(body) == Command(intent, words)


@pytest.mark.parametrize("body", ["", "hello", "PLAY 500", "STO", "123", "BA", "paid 500", "?!"])
def test_what_has_no_single_reading_is_not_guessed(body):
    assert parse(body) is None


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), (None, None)),
        (("500",), (None, "500")),
        (("0100", "500"), ("0100", "500")),
        (("0100", "0000", "016", "500"), ("01000000016", "500")),
    ],
)
def test_the_last_word_is_the_amount_and_what_is_before_it_the_serial(words, expected):
    assert serial_and_amount(words) == expected


@given(st.text(max_size=200))
def test_anything_at_all_is_read_without_failing(body):
    command = parse(body)

    assert command is None or command.intent in WORDS


@given(st.sampled_from([word for words in WORDS.values() for word in words]), st.data())
def test_a_slip_never_turns_one_intent_into_another(word, data):
    intent = next(name for name, words in WORDS.items() if word in words)
    place = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    slipped = word[:place] + letter + word[place + 1 :]

    command = parse(slipped)

    exact = {name for name, words in WORDS.items() if slipped in words}
    assert command is None or command.intent in exact | {intent}

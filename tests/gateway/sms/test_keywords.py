"""Keywords: every language, case, spaces and small slips; nothing that may mean two things."""

from __future__ import annotations

import re
from types import ModuleType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from core.wording.messages import reminder, sms_reply
from core.wording.messages.sms_reply import usage
from core.wording.product import product_wording
from gateway.sms.keywords import WORDS, Command, Intent, language_named, parse

ALL = [
    (code, intent, word)
    for code, words in WORDS.items()
    for intent, several in words.items()
    for word in several
]
INTENT = {word: intent for _, intent, word in ALL}


@pytest.mark.parametrize(("code", "intent", "word"), ALL)
def test_every_word_of_every_language_is_understood_in_any_case(
    code: str, intent: Intent, word: str
) -> None:
    for typed in (word, word.lower(), word.title(), f"  {word.lower()}. "):
        assert parse(typed) == Command(intent, ())


def test_every_language_we_write_in_has_a_word_for_everything() -> None:
    languages = product_wording().translations

    assert WORDS.keys() == languages.keys()
    assert len({frozenset(words) for words in WORDS.values()}) == 1


def test_no_word_means_two_things() -> None:
    assert len(INTENT) == len(ALL)


@pytest.mark.parametrize(
    ("body", "intent", "words"),
    [
        ("Salio 0100", "balance", ("0100",)),
        ("BAL-0100-0000-016", "balance", ("0100-0000-016",)),
        ("PAY 0100-0000-016 500", "pay", ("0100-0000-016", "500")),
        ("pay0100234 500", "pay", ("0100234", "500")),
        ("PAYLAMP100 500", "pay", ("LAMP100", "500")),
        ("Lipa, 0100234; 500", "pay", ("0100234", "500")),
        ("PAY: 0100234,500", "pay", ("0100234", "500")),
        ("pay 0100234 1,500.00", "pay", ("0100234", "1,500.00")),
        ("payer 0100234 500", "pay", ("0100234", "500")),
        ("TOKN", "token", ()),
        ("tokne", "token", ()),
        ("TOOKEN", "token", ()),
        ("TOKN 0100", "token", ("0100",)),
        ("tokn0100", "token", ("0100",)),
        ("PYA 0100 500", "pay", ("0100", "500")),
        ("Paay 0100 500", "pay", ("0100", "500")),
        ("lang SW", "language", ("SW",)),
        ("lnag fr", "language", ("fr",)),
        ("stop.", "stop", ()),
        ("Stop it please", "stop", ("it", "please")),
        ("sotp", "stop", ()),
        ("Pr\u00eat", "loan", ()),
        ("arr\u00eat", "stop", ()),
        ("\u00abSOLDE\u00bb", "balance", ()),
        ("MSAADA", "help", ()),
        (
            "reg 0100 0711000222 KIB home Asha Mwangi",
            "register",
            ("0100", "0711000222", "KIB", "home", "Asha", "Mwangi"),
        ),
    ],
)
def test_a_text_is_read_as_people_write_it(
    body: str, intent: Intent, words: tuple[str, ...]
) -> None:
    assert parse(body) == Command(intent, words)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "hello",
        "STO",
        "123",
        "BA",
        "paid 500",
        "BAY 0100",  # BAL or PAY
        "?!",
        "Shop open?",
        "shop is open",
        "the loan was good",
        "Long story",
        "helping hands",
        "*384*96#",
        "\u0000",
    ],
)
def test_what_has_no_single_reading_is_not_guessed(body: str) -> None:
    assert parse(body) is None


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("sw", "sw"),
        ("Swahili", "sw"),
        ("KISWAHILI", "sw"),
        ("fran\u00e7ais", "fr"),
        ("anglais", "en"),
        ("klingon", None),
    ],
)
def test_a_language_is_named_in_any_language(word: str, code: str | None) -> None:
    assert language_named(word) == code


@pytest.mark.parametrize("code", list(WORDS))
@pytest.mark.parametrize("module", [reminder, sms_reply])
def test_the_words_our_texts_teach_are_understood(code: str, module: ModuleType) -> None:
    section = module.__name__.rsplit(".", 1)[1]
    texts = product_wording().translations[code].templates
    taught = {
        word
        for key, text in texts.items()
        if key.startswith(f"{section}.")
        for word in re.findall(r"\b[A-Z]{3,}\b", re.sub(r"\{.*?\}", "", text))
    } - {"PIN", "SMS", "KIB"}

    understood = {word for words in WORDS[code].values() for word in words}
    assert taught <= understood, f"{code} teaches {taught - understood}"


def test_help_names_all_that_a_customer_can_write() -> None:
    for code, words in WORDS.items():
        text = product_wording().translations[code].templates[usage.key]
        for intent in ("balance", "pay", "token", "loan", "language", "stop"):
            assert any(word in text for word in words[intent]), (code, intent)


@given(st.text(max_size=200))
@example("PAY" + "1" * 1600)
@example("\u0130\ufb03\u0345 500")
def test_anything_at_all_is_read_without_failing(body: str) -> None:
    command = parse(body)

    assert command is None or command.intent in WORDS["en"]


def test_a_word_as_near_to_a_short_keyword_as_to_a_long_one_is_not_guessed() -> None:
    assert parse("preg") is None  # "reg", or "pret"
    assert parse("prett") == Command("loan", ())


@given(st.sampled_from(sorted(INTENT)), st.data())
def test_a_slip_never_turns_one_intent_into_another(word: str, data: DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    slipped = data.draw(
        st.sampled_from(
            [
                word[:place] + letter + word[place + 1 :],
                word[:place] + letter + word[place:],
                word[:place] + word[place + 1 :],
                word[:place] + word[place : place + 2][::-1] + word[place + 2 :],
            ]
        )
    )

    command = parse(slipped)

    assert command is None or command.intent in {INTENT.get(slipped), INTENT[word]}

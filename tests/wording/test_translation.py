"""The wordings that go out, and how values read in them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, cast

import pytest

from core.errors import Refused
from core.money import Money as MoneyValue
from core.wording.message import Message, message, messages_of, sms_message
from core.wording.messages import engine
from core.wording.slots import (
    DEFAULT_LIMITS,
    ChoiceSlot,
    Count,
    Day,
    Kwh,
    MessageListSlot,
    MessageSlot,
    Money,
    Name,
    Reference,
    Serial,
)
from core.wording.translation import Translation, load_wording, make_wording, read_translation
from core.wording.translation import folder as catalogues

ENGLISH = read_translation(catalogues / "en.toml")


def rendered(pattern: str, **values: tuple[Any, object]) -> str:
    """The wording `pattern` with these (slot type, value) in it."""
    slots = {name: annotation.__metadata__[0] for name, (annotation, _) in values.items()}
    language = Translation("en", {"language": ABOUT, "t": {"it": pattern}, "kind": {"shs": "lamp"}})
    return language.render(
        cast(Message[Any], Message("t.it", slots))(
            **{name: value for name, (_, value) in values.items()}
        )
    )


ABOUT = {"name": "English", "thousands": ",", "months": ENGLISH.months}


@pytest.mark.parametrize(
    ("slot", "value", "text"),
    [
        (Money, MoneyValue(50000, "KES"), "KES 500"),
        (Money, MoneyValue(125000, "KES"), "KES 1250"),
        (Money, MoneyValue(1250000, "KES"), "KES 12,500"),
        (Money, MoneyValue(50050, "KES"), "KES 500.50"),
        (Money, MoneyValue(0, "KES"), "KES 0"),
        (Money, MoneyValue(123456, "UGX"), "UGX 123,456"),
        (Kwh, 50, "5.0"),
        (Kwh, 123, "12.3"),
        (Count, 28, "28"),
        (Day, date(2026, 3, 5), "5 Mar"),
        (Name, "Ng\u0169g\u0129 wa Thiong\u2019o Junior", "Ngugi wa Thiong'"),
        (Serial, "01234567890123456789", "01234567890123456789"),
        (Annotated[str, ChoiceSlot("kind", "shs")], "shs", "lamp"),
    ],
)
def test_values_read_short_and_plain(slot: Any, value: object, text: str) -> None:
    assert rendered("<{it}>".replace("<", "(").replace(">", ")"), it=(slot, value)) == f"({text})"


@message
def loan(amount: Money) -> None: ...


@message
def energy(kwh: Kwh) -> None: ...


@message
def nothing() -> None: ...


@message
def split(
    parts: Annotated[list[Any], MessageListSlot(loan, energy)],
    end: Annotated[Any, MessageSlot(loan, nothing)],
) -> None: ...


def test_messages_stand_inside_messages_and_widths_add_up() -> None:
    words = {
        "loan": "loan {amount}",
        "energy": "{kwh} kWh",
        "nothing": "nothing at all, sorry",
        "split": "{parts}; {end}",
    }
    language = Translation("en", {"language": ABOUT, "test_translation": words})
    ten = loan(amount=MoneyValue(1000, "KES"))

    assert language.render(split([ten, energy(kwh=5)], nothing())) == (
        "loan KES 10, 0.5 kWh; nothing at all, sorry"
    )
    assert language.widest(split, DEFAULT_LIMITS) == (
        "loan KES 999,999.99, 9999.9 kWh; nothing at all, sorry"
    )


@sms_message(max_segments=1)
def receipt(name: Name, reference: Reference) -> None: ...


def test_a_text_that_may_need_more_parts_than_allowed_is_found() -> None:
    def wording(length: int) -> list[str]:
        text = "{name} {reference} ".ljust(len("{name} {reference} ") + length, "x")
        language = Translation("en", {"language": ABOUT, "test_translation": {"receipt": text}})
        return make_wording([receipt], [language]).faults(DEFAULT_LIMITS)

    assert wording(160 - 16 - 12 - 2) == []
    assert wording(160 - 16 - 12 - 1) == ["en: test_translation.receipt may take 2 SMS, 1 allowed"]


def test_a_refusal_finds_its_words_by_its_code() -> None:
    known: Message[Any] = Message("refused.known", {})
    other: Message[Any] = Message("refused.other", {})
    wording = make_wording([known, other], [])

    assert wording.refusal(Refused("known")).message is known
    assert wording.refusal(Refused("unheard_of")).message is other


@pytest.mark.parametrize("code", ["en", "sw", "fr"])
def test_the_engines_words_are_complete_in_every_language(code: str) -> None:
    faults = load_wording(messages_of([engine]), [code]).faults(DEFAULT_LIMITS)

    assert [fault for fault in faults if "engine." in fault] == []

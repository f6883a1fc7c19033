"""The types of slots in a message: each knows how its value is written and how wide it can get.

A slot type is an ordinary annotation (`Money`, `Serial`, `Annotated[str, TextSlot(20)]`), so the
type checker sees the value and the compile step sees the width. Words that people gave us are
spelt in GSM-7 and cut to their width here; nothing else is ever cut.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from core import money
from core.gsm7 import clip, to_gsm7
from core.serial_number import LONGEST_SERIAL
from core.wording.message import BoundMessage, Language, Message, SlotLimits

LONGEST_REFERENCE = 64  # what a provider calls a payment; service codes are shorter
LONGEST_MSISDN = 16  # E.164: a plus and at most 15 digits
DEFAULT_LIMITS = SlotLimits()  # amounts below a million shillings


@dataclass(frozen=True)
class MoneySlot:
    """`KES 500`, `KES 1250.50`, `KES 12,500`: cents are written only when there are any.

    `with_currency=False` is for lists that name the currency once: `loan 300, access 200`.
    """

    with_currency: bool = True
    value_type: type = money.Money

    def render(self, value: money.Money, language: Language) -> str:
        digits = money.minor_digits(value.currency)
        whole, cents = divmod(value.minor, 10**digits)
        grouped = f"{whole:,}".replace(",", language.thousands) if whole >= 10_000 else str(whole)
        amount = grouped + (f".{cents:0{digits}d}" if cents else "")
        return f"{value.currency} {amount}" if self.with_currency else amount

    def widest(self, limits: SlotLimits, language: Language) -> str:
        return self.render(money.Money(limits.largest_minor, limits.currency), language)


class UnitPriceSlot:
    """The price of a kWh: `KES 25`, `UGX 796.4`."""

    value_type: type = money.UnitPrice

    def render(self, value: money.UnitPrice, language: Language) -> str:
        whole, finer = divmod(value.thousandths, 1000)
        if not finer:
            return MoneySlot().render(money.Money(whole, value.currency), language)
        return str(value)

    def widest(self, limits: SlotLimits, language: Language) -> str:
        return self.render(
            money.UnitPrice(limits.largest_minor * 1000 + 999, limits.currency), language
        )


@dataclass(frozen=True)
class TextSlot:
    """Words that people gave us, cut to `septets`."""

    septets: int
    value_type: type = str

    def render(self, value: str, language: Language) -> str:
        return clip(to_gsm7(value), self.septets) if language.is_gsm7 else value[: self.septets]

    def widest(self, limits: SlotLimits, language: Language) -> str:
        return "W" * self.septets


@dataclass(frozen=True)
class VerbatimSlot:
    """A number or token: what is stored is never cut or respelt. `limit` names its field of
    SlotLimits. `longest`: the most characters a stored one can have, in a slot that also repeats
    what people typed instead."""

    limit: str
    longest: int | None = None
    value_type: type = str

    def render(self, value: str, language: Language) -> str:
        spelled = to_gsm7(value) if language.is_gsm7 else value
        return spelled[: self.longest]

    def widest(self, limits: SlotLimits, language: Language) -> str:
        width: int = getattr(limits, self.limit)
        return "8" * width


class CountSlot:
    """A whole number."""

    value_type: type = int

    def render(self, value: int, language: Language) -> str:
        return str(value)

    def widest(self, limits: SlotLimits, language: Language) -> str:
        return str(limits.largest_count)


class TenthsSlot:
    """A whole number of tenths: 50 is written `5.0`."""

    value_type: type = int

    def render(self, value: int, language: Language) -> str:
        return f"{value // 10}.{value % 10}"

    def widest(self, limits: SlotLimits, language: Language) -> str:
        return self.render(limits.largest_count * 10 + 9, language)


class DaySlot:
    """`5 Mar`: a day with the short name of its month in the language."""

    value_type: type = datetime.date

    def render(self, value: datetime.date, language: Language) -> str:
        return f"{value.day} {language.months[value.month - 1]}"

    def widest(self, limits: SlotLimits, language: Language) -> str:
        return f"30 {max(language.months, key=len)}"


class ChoiceSlot:
    """One of a few fixed values, each with a wording in `section`: `ChoiceSlot("kind", "meter",
    "shs")` is worded by `kind.meter` and `kind.shs`."""

    value_type: type = str

    def __init__(self, section: str, *choices: str) -> None:
        self.section = section
        self.choices = choices

    @property
    def keys(self) -> list[str]:
        return [f"{self.section}.{choice}" for choice in self.choices]

    def render(self, value: str, language: Language) -> str:
        return language.template(f"{self.section}.{value}")

    def widest(self, limits: SlotLimits, language: Language) -> str:
        return max((language.template(key) for key in self.keys), key=language.size)


class MessageListSlot:
    """Messages one after another, each of `parts` at most once: `loan 300, access 200`.

    Where any of `instead` is there, it stands for all of `first`, which otherwise come first.
    """

    value_type: type = Sequence

    def __init__(
        self,
        *parts: Message[Any],
        first: Sequence[Message[Any]] = (),
        instead: Sequence[Message[Any]] = (),
        separator: str = ", ",
    ) -> None:
        self.openings = (first, *((message,) for message in instead))
        self.parts = parts
        self.separator = separator

    def render(self, value: Sequence[BoundMessage], language: Language) -> str:
        return self.separator.join(language.render(part) for part in value)

    def widest(self, limits: SlotLimits, language: Language) -> str:
        lists = (
            self.separator.join(language.widest(part, limits) for part in (*opening, *self.parts))
            for opening in self.openings
        )
        return max(lists, key=language.size)


class MessageSlot:
    """One message out of `choices`."""

    value_type: type = BoundMessage

    def __init__(self, *choices: Message[Any]) -> None:
        self.choices = choices

    def render(self, value: BoundMessage, language: Language) -> str:
        return language.render(value)

    def widest(self, limits: SlotLimits, language: Language) -> str:
        return max((language.widest(choice, limits) for choice in self.choices), key=language.size)


Money = Annotated[money.Money, MoneySlot()]
Amount = Annotated[money.Money, MoneySlot(with_currency=False)]
UnitPrice = Annotated[money.UnitPrice, UnitPriceSlot()]
Count = Annotated[int, CountSlot()]
Kwh = Annotated[int, TenthsSlot()]
Day = Annotated[datetime.date, DaySlot()]
Name = Annotated[str, TextSlot(16)]
Serial = Annotated[str, VerbatimSlot("serial_width", LONGEST_SERIAL)]
Msisdn = Annotated[str, VerbatimSlot("msisdn_width", LONGEST_MSISDN)]
Reference = Annotated[str, VerbatimSlot("reference_width", LONGEST_REFERENCE)]
TokenText = Annotated[str, VerbatimSlot("token_width")]
FreeText = Annotated[str, TextSlot(20)]
TimeOfDay = Annotated[str, TextSlot(5)]

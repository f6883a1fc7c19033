"""What may stand in a message: each type knows how it reads and how wide it can get.

A slot type is an ordinary annotation (`Money`, `Serial`, `Annotated[str, Width(20)]`), so the type
checker sees the value and the compile step sees the width. Words that people gave us are spelt in
GSM-7 and cut to their width here; nothing else is ever cut.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Protocol

from core import money
from core.gsm7 import clip, to_gsm7
from core.wording.message import Message, Said

if TYPE_CHECKING:
    from core.wording.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest values a market shows; a wider one is still shown, on more pages or parts."""

    currency: str = "KES"
    largest_minor: int = 99_999_999
    largest_count: int = 9999
    serial_width: int = 16
    msisdn_width: int = 13
    reference_width: int = 12
    token_width: int = 24


SMALL_MARKET = Limits()  # amounts below a million, as in Kenya


class Slot(Protocol):
    """`holds` is the Python type of the values."""

    holds: type

    def render(self, value: Any, language: Catalogue) -> str: ...

    def widest(self, limits: Limits, language: Catalogue) -> str: ...


@dataclass(frozen=True)
class MoneySlot:
    """`KES 500`, `KES 1250.50`, `KES 12,500`: cents only when there are any.

    Without its currency in lists that name it once: `loan 300, access 200`.
    """

    with_currency: bool = True
    holds: type = money.Money

    def render(self, value: money.Money, language: Catalogue) -> str:
        digits = money.minor_digits(value.currency)
        whole, cents = divmod(value.minor, 10**digits)
        grouped = f"{whole:,}".replace(",", language.thousands) if whole >= 10_000 else str(whole)
        amount = grouped + (f".{cents:0{digits}d}" if cents else "")
        return f"{value.currency} {amount}" if self.with_currency else amount

    def widest(self, limits: Limits, language: Catalogue) -> str:
        return self.render(money.Money(limits.largest_minor, limits.currency), language)


@dataclass(frozen=True)
class Width:
    """Words that people gave us, cut to `septets`."""

    septets: int
    holds: type = str

    def render(self, value: str, language: Catalogue) -> str:
        return clip(to_gsm7(value), self.septets) if language.is_gsm7 else value[: self.septets]

    def widest(self, limits: Limits, language: Catalogue) -> str:
        return "W" * self.septets


@dataclass(frozen=True)
class Exactly:
    """A number or code that must never be cut or respelt; `limit` names its field of Limits."""

    limit: str
    holds: type = str

    def render(self, value: str, language: Catalogue) -> str:
        return value

    def widest(self, limits: Limits, language: Catalogue) -> str:
        width: int = getattr(limits, self.limit)
        return "8" * width


class CountSlot:
    """A whole number."""

    holds: type = int

    def render(self, value: int, language: Catalogue) -> str:
        return str(value)

    def widest(self, limits: Limits, language: Catalogue) -> str:
        return str(limits.largest_count)


class TenthsSlot:
    """A whole number of tenths: 50 reads `5.0`."""

    holds: type = int

    def render(self, value: int, language: Catalogue) -> str:
        return f"{value // 10}.{value % 10}"

    def widest(self, limits: Limits, language: Catalogue) -> str:
        return self.render(limits.largest_count * 10 + 9, language)


class DaySlot:
    """`5 Mar`, with the month as the language writes it short."""

    holds: type = datetime.date

    def render(self, value: datetime.date, language: Catalogue) -> str:
        return f"{value.day} {language.months[value.month - 1]}"

    def widest(self, limits: Limits, language: Catalogue) -> str:
        return f"30 {max(language.months, key=len)}"


class Word:
    """One of a few words of ours, worded in a section: `Word("kind", "meter", "shs")`."""

    holds: type = str

    def __init__(self, section: str, *choices: str) -> None:
        self.section = section
        self.choices = choices

    @property
    def keys(self) -> list[str]:
        return [f"{self.section}.{choice}" for choice in self.choices]

    def render(self, value: str, language: Catalogue) -> str:
        return language.text(f"{self.section}.{value}")

    def widest(self, limits: Limits, language: Catalogue) -> str:
        return max((language.text(key) for key in self.keys), key=language.size)


class Each:
    """Several messages after one another, each of these at most once: `Loan 300, access 200`."""

    holds: type = Sequence

    def __init__(self, *parts: Message[Any], joint: str = ", ") -> None:
        self.parts = parts
        self.joint = joint

    def render(self, value: Sequence[Said], language: Catalogue) -> str:
        return self.joint.join(language.say(part) for part in value)

    def widest(self, limits: Limits, language: Catalogue) -> str:
        return self.joint.join(language.widest(part, limits) for part in self.parts)


class Either:
    """One of these messages, whichever applies."""

    holds: type = Said

    def __init__(self, *parts: Message[Any]) -> None:
        self.parts = parts

    def render(self, value: Said, language: Catalogue) -> str:
        return language.say(value)

    def widest(self, limits: Limits, language: Catalogue) -> str:
        return max((language.widest(part, limits) for part in self.parts), key=language.size)


Money = Annotated[money.Money, MoneySlot()]
Amount = Annotated[money.Money, MoneySlot(with_currency=False)]
Count = Annotated[int, CountSlot()]
Kwh = Annotated[int, TenthsSlot()]
Day = Annotated[datetime.date, DaySlot()]
Name = Annotated[str, Width(16)]
Serial = Annotated[str, Exactly("serial_width")]
Msisdn = Annotated[str, Exactly("msisdn_width")]
Reference = Annotated[str, Exactly("reference_width")]
TokenText = Annotated[str, Exactly("token_width")]
Words = Annotated[str, Width(20)]

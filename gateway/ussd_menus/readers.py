"""Readers parse what a caller typed, or name the message that says what was expected.

They are lenient about spaces, commas and case, never about meaning: a reader corrects no digit and
guesses no serial number. Whether the value is allowed is for the use case to decide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from core.invisible import visible
from core.market import Market
from core.money import Money, typed_minor
from core.msisdn import parse_msisdn
from core.serial_number import parse_serial
from core.tokens.typed import typed_code
from core.wording.message import Message
from core.wording.messages import engine as messages

T_co = TypeVar("T_co", covariant=True)


class Reader(Protocol[T_co]):
    """Parses one kind of answer. `complaint` is shown above the question when `read` raises
    ValueError; `key_presses` is how many keys a usual answer takes."""

    @property
    def complaint(self) -> Message[Any]: ...

    @property
    def is_secret(self) -> bool: ...

    @property
    def key_presses(self) -> int: ...

    def read(self, typed: str, market: Market) -> T_co:
        """The parsed answer. Raises ValueError."""


@dataclass(frozen=True)
class AmountReader:
    """`500`, `1,250`, `KES 500.00` -> Money above zero, in the market's currency."""

    complaint: Message[Any] = messages.not_an_amount
    is_secret: bool = False
    key_presses: int = 4

    def read(self, typed: str, market: Market) -> Money:
        plain = re.sub(rf"(?i)^(ksh|{market.currency})\.?\s*", "", typed)
        amount = Money(typed_minor(plain, market.currency), market.currency)
        if not amount:
            raise ValueError("nothing")
        return amount


@dataclass(frozen=True)
class SerialReader:
    """A serial number as stored. One of fewer than three characters would look like a menu key."""

    complaint: Message[Any] = messages.not_a_serial
    is_secret: bool = False
    key_presses: int = 11

    def read(self, typed: str, market: Market) -> str:
        serial = parse_serial(typed)
        if len(serial) < 3:
            raise ValueError("too short")
        return serial


@dataclass(frozen=True)
class PhoneReader:
    """A phone number of the market, or one with its country code -> E.164."""

    complaint: Message[Any] = messages.not_a_phone
    is_secret: bool = False
    key_presses: int = 10

    def read(self, typed: str, market: Market) -> str:
        return parse_msisdn(typed, market.country)


@dataclass(frozen=True)
class PinReader:
    """A PIN of four to six digits. It is never stored or logged."""

    complaint: Message[Any] = messages.not_a_pin
    is_secret: bool = True
    key_presses: int = 4

    def read(self, typed: str, market: Market) -> str:
        if not re.fullmatch(r"[0-9]{4,6}", typed):
            raise ValueError("not a PIN")
        return typed


@dataclass(frozen=True)
class TwoPinsReader:
    """The present PIN, a star and a new PIN: both in one answer, since secrets are asked last.

    Every keypad has a star; a space or a dash is accepted too.
    """

    complaint: Message[Any] = messages.not_two_pins
    is_secret: bool = True
    key_presses: int = 9

    def read(self, typed: str, market: Market) -> str:
        if not re.fullmatch(r"[0-9]{4,6}[ *,.-]+[0-9]{4,6}", typed):
            raise ValueError("not two PINs")
        return " ".join(re.split(r"[ *,.-]+", typed))


@dataclass(frozen=True)
class CatalogueCodeReader:
    """The short code of an entry in the catalogue, like a village, with at least one letter."""

    complaint: Message[Any] = messages.not_an_option
    is_secret: bool = False
    key_presses: int = 6

    def read(self, typed: str, market: Market) -> str:
        code = typed.strip()
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,20}", code) or not any(map(str.isalpha, code)):
            raise ValueError("not a code")
        return code


@dataclass(frozen=True)
class TextReader:
    """A name or a few words with at least one letter, cut to `max_length` characters."""

    max_length: int = 30
    complaint: Message[Any] = messages.not_a_text
    is_secret: bool = False
    key_presses: int = 14

    def read(self, typed: str, market: Market) -> str:
        words = " ".join(visible(typed).split())
        if not words.isprintable() or not any(map(str.isalpha, words)):
            raise ValueError("no words")
        return words[: self.max_length]


@dataclass(frozen=True)
class NumberReader:
    """A whole number from `minimum` to `maximum`."""

    minimum: int = 1
    maximum: int = 9999
    complaint: Message[Any] = messages.not_a_number
    is_secret: bool = False
    key_presses: int = 2

    def read(self, typed: str, market: Market) -> int:
        is_number = re.fullmatch(r"[0-9]{1,9}", typed)
        if not is_number or not self.minimum <= int(typed) <= self.maximum:
            raise ValueError("not in range")
        return int(typed)


@dataclass(frozen=True)
class KitReadingReader:
    """The count on the screen of a kit, or a code that it refused, as digits."""

    complaint: Message[Any] = messages.not_a_number
    is_secret: bool = False
    key_presses: int = 9

    def read(self, typed: str, market: Market) -> str:
        reading = typed_code(typed)
        if not int(reading):
            raise ValueError("no count")
        return reading


Amount = AmountReader()
KitReading = KitReadingReader()
Serial = SerialReader()
Phone = PhoneReader()
CatalogueCode = CatalogueCodeReader()
Pin = PinReader()
TwoPins = TwoPinsReader()


def accepts(reader: Reader[Any], typed: str, market: Market) -> bool:
    """Whether the reader takes this as an answer."""
    try:
        reader.read(typed, market)
    except ValueError:
        return False
    return True

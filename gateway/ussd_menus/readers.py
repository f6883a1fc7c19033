"""Readers turn what somebody typed into a value, or say kindly what was expected.

Lenient about spaces, commas and case, never about meaning: a reader corrects no digit and guesses
no serial number. Whether the value is allowed is the use case's business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from core.market import Market
from core.money import Money, typed_minor
from core.msisdn import parse_msisdn
from core.serial_number import parse_serial
from core.wording.message import Message
from core.wording.messages import engine as messages

T_co = TypeVar("T_co", covariant=True)


class Reader(Protocol[T_co]):
    """`complaint` is shown above the question when `read` raises ValueError. `presses`: how many
    keys a usual answer takes."""

    @property
    def complaint(self) -> Message[Any]: ...

    @property
    def is_secret(self) -> bool: ...

    @property
    def presses(self) -> int: ...

    def read(self, typed: str, market: Market) -> T_co: ...


@dataclass(frozen=True)
class AmountReader:
    """`500`, `1,250`, `KES 500.00` -> Money above zero, in the market's currency."""

    complaint: Message[Any] = messages.not_an_amount
    is_secret: bool = False
    presses: int = 4

    def read(self, typed: str, market: Market) -> Money:
        plain = re.sub(rf"(?i)^(ksh|{market.currency})\.?\s*", "", typed)
        amount = Money(typed_minor(plain, market.currency), market.currency)
        if not amount:
            raise ValueError("nothing")
        return amount


@dataclass(frozen=True)
class SerialReader:
    """A serial number as stored. Under three characters it would look like a menu key."""

    complaint: Message[Any] = messages.not_a_serial
    is_secret: bool = False
    presses: int = 11

    def read(self, typed: str, market: Market) -> str:
        serial = parse_serial(typed)
        if len(serial) < 3:
            raise ValueError("too short")
        return serial


@dataclass(frozen=True)
class PhoneReader:
    """A phone number of the market or with its country code -> E.164."""

    complaint: Message[Any] = messages.not_a_phone
    is_secret: bool = False
    presses: int = 10

    def read(self, typed: str, market: Market) -> str:
        return parse_msisdn(typed, market.country)


@dataclass(frozen=True)
class PinReader:
    """Four to six digits; never carried, stored or logged."""

    complaint: Message[Any] = messages.not_a_pin
    is_secret: bool = True
    presses: int = 4

    def read(self, typed: str, market: Market) -> str:
        if not re.fullmatch(r"[0-9]{4,6}", typed):
            raise ValueError("not a PIN")
        return typed


@dataclass(frozen=True)
class TwoPinsReader:
    """The present PIN, a star and a new one: secrets are asked once, at the end.

    A star is on every keypad; a space or a dash will do as well.
    """

    complaint: Message[Any] = messages.not_two_pins
    is_secret: bool = True
    presses: int = 9

    def read(self, typed: str, market: Market) -> str:
        if not re.fullmatch(r"[0-9]{4,6}[ *,.-]+[0-9]{4,6}", typed):
            raise ValueError("not two PINs")
        return " ".join(re.split(r"[ *,.-]+", typed))


@dataclass(frozen=True)
class CodeReader:
    """A short code of the catalogue, with at least one letter: a village's."""

    complaint: Message[Any] = messages.not_an_option
    is_secret: bool = False
    presses: int = 6

    def read(self, typed: str, market: Market) -> str:
        code = typed.strip()
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,20}", code) or not any(map(str.isalpha, code)):
            raise ValueError("not a code")
        return code


@dataclass(frozen=True)
class Words:
    """A name or a few words, with at least one letter and at most `longest` characters."""

    longest: int = 30
    complaint: Message[Any] = messages.not_a_text
    is_secret: bool = False
    presses: int = 14

    def read(self, typed: str, market: Market) -> str:
        words = " ".join(typed.split())
        if not words.isprintable() or not any(map(str.isalpha, words)):
            raise ValueError("no words")
        return words[: self.longest]


@dataclass(frozen=True)
class Whole:
    """A whole number from `least` to `most`."""

    least: int = 1
    most: int = 9999
    complaint: Message[Any] = messages.not_a_number
    is_secret: bool = False
    presses: int = 2

    def read(self, typed: str, market: Market) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", typed) or not self.least <= int(typed) <= self.most:
            raise ValueError("not in range")
        return int(typed)


Amount = AmountReader()
Serial = SerialReader()
Phone = PhoneReader()
Code = CodeReader()
Pin = PinReader()
TwoPins = TwoPinsReader()


def accepts(reader: Reader[Any], typed: str, market: Market) -> bool:
    """Whether the reader would take this as an answer."""
    try:
        reader.read(typed, market)
    except ValueError:
        return False
    return True

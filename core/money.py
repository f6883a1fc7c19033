"""Money: a whole, never negative number of minor units with its currency.

Direction is a field elsewhere, never a sign here. There is no float anywhere near, and dividing
money is one function, `split`, which proves that the parts equal the whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.errors import BrokenInvariant
from core.invisible import plain_marks

# ISO 4217 minor digits of the currencies of our markets; everything else has two.
_MINOR_DIGITS = {"UGX": 0, "RWF": 0, "XOF": 0, "XAF": 0, "BIF": 0, "GNF": 0, "KMF": 0, "DJF": 0}
_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?")
_GROUPED = re.compile(r"[0-9]{1,3}([ ,][0-9]{3})+(\.[0-9]{1,2})?")


def minor_digits(currency: str) -> int:
    """Decimal digits of the currency's minor unit (ISO 4217): KES 2, UGX 0."""
    return _MINOR_DIGITS.get(currency, 2)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """`minor` minor units of `currency`; zero or more. Ordering is only used within a currency."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int or self.minor < 0:
            raise BrokenInvariant(
                f"money must be a whole number of minor units, got {self.minor!r}"
            )

    def __add__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.minor - other.minor, self.currency)

    def __bool__(self) -> bool:
        return self.minor > 0

    def __str__(self) -> str:
        return f"{self.currency} {major(self.minor, self.currency)}"

    def _same_currency(self, other: Money) -> None:
        if self.currency != other.currency:
            raise BrokenInvariant(f"{self.currency} and {other.currency} do not mix")


def parse_minor(text: str, currency: str) -> int:
    """Minor units of a plain decimal like `500` or `500.00`.

    Raises ValueError for signs, exponents, thousands separators, more digits than the currency has.
    """
    cleaned = text.strip()
    if not _AMOUNT.fullmatch(cleaned):
        raise ValueError(f"not an amount: {text!r} (write it like 500 or 500.00)")
    whole, _, fraction = cleaned.partition(".")
    digits = minor_digits(currency)
    if fraction.strip("0") and len(fraction.rstrip("0")) > digits:
        raise ValueError(f"{currency} has {digits} decimal digits: {text!r}")
    factor: int = 10**digits
    return int(whole) * factor + int((fraction + "00")[:digits] or 0)


def typed_minor(text: str, currency: str) -> int:
    """As `parse_minor`, of an amount as people type it: `1,250` and `1 250.50` too.

    A comma parts thousands or nothing: `150,50` is not fifteen thousand. Raises ValueError.
    """
    text = plain_marks(text)
    if _GROUPED.fullmatch(text.strip()):
        text = re.sub("[ ,]", "", text)
    return parse_minor(text, currency)


def major(minor: int, currency: str) -> str:
    """`50000` of KES -> `500.00`, of UGX -> `50000`: the form files and APIs carry."""
    digits = minor_digits(currency)
    if not digits:
        return str(minor)
    whole, fraction = divmod(minor, 10**digits)
    return f"{whole}.{fraction:0{digits}d}"


def signed_money(minor: int, currency: str) -> str:
    """A balance, which may be below zero, as people read it: `KES 500.00`, `-KES 500.00`."""
    return f"{'-' if minor < 0 else ''}{Money(abs(minor), currency)}"


def split(total_minor: int, parts: int, unit_minor: int) -> list[int]:
    """`total_minor` in `parts` multiples of `unit_minor`; the last part takes the remainder.

    1000 in 3 -> 333, 333, 334. Raises ValueError when there is not a unit for every part.
    """
    if parts < 1 or total_minor < parts * unit_minor:
        raise ValueError(f"cannot split {total_minor} in {parts} parts of at least {unit_minor}")
    part = total_minor // parts // unit_minor * unit_minor
    shares = [part] * (parts - 1) + [total_minor - part * (parts - 1)]
    if sum(shares) != total_minor:
        raise BrokenInvariant(f"split of {total_minor} in {parts} lost money: {shares}")
    return shares

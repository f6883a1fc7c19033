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
_UNIT_PRICE = re.compile(r"[0-9]{1,12}(\.[0-9]{1,5})?")
_GROUPED = re.compile(r"[0-9]{1,3}([ ,][0-9]{3})+(\.[0-9]{1,5})?")
# Decimal digits that a price of a unit has beyond those of the currency.
_FINER_DIGITS = 3


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


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """The price of one unit, such as a kWh, in thousandths of the minor unit of `currency`: finer
    than money can be paid."""

    thousandths: int
    currency: str

    def __str__(self) -> str:
        return f"{self.currency} {major_price(self.thousandths, self.currency)}"


def parse_minor(text: str, currency: str) -> int:
    """Minor units of a plain decimal like `500` or `500.00`.

    Raises ValueError for signs, exponents, thousands separators, more digits than the currency has.
    """
    if not _AMOUNT.fullmatch(text.strip()):
        raise ValueError(f"not an amount: {text!r} (write it like 500 or 500.00)")
    digits = minor_digits(currency)
    return _scaled(text.strip(), digits, f"{currency} has {digits} decimal digits: {text!r}")


def typed_minor(text: str, currency: str) -> int:
    """As `parse_minor`, of an amount as people type it: `1,250` and `1 250.50` too.

    A comma parts thousands or nothing: `150,50` is not fifteen thousand. Raises ValueError.
    """
    return parse_minor(_ungrouped(text), currency)


def typed_thousandths(text: str, currency: str) -> int:
    """Thousandths of the minor unit of a price of one unit, as people type it: `796.4` of UGX is
    796400, `25.00` of KES 2500000. Raises ValueError as `typed_minor`, and for more than three
    decimal digits beyond those of the currency."""
    typed = _ungrouped(text).strip()
    if not _UNIT_PRICE.fullmatch(typed):
        raise ValueError(f"not an amount: {text!r} (write it like 25 or 25.125)")
    digits = minor_digits(currency) + _FINER_DIGITS
    too_fine = f"a price in {currency} has at most {digits} decimal digits: {text!r}"
    return _scaled(typed, digits, too_fine)


def _ungrouped(text: str) -> str:
    text = plain_marks(text)
    return re.sub("[ ,]", "", text) if _GROUPED.fullmatch(text.strip()) else text


def _scaled(decimal: str, digits: int, too_fine: str) -> int:
    """A plain decimal times 10 to the power of `digits`. Raises ValueError(too_fine) where it has
    more digits than that."""
    whole, _, fraction = decimal.partition(".")
    fraction = fraction.rstrip("0")
    if len(fraction) > digits:
        raise ValueError(too_fine)
    return int(whole + fraction.ljust(digits, "0"))


def major(minor: int, currency: str) -> str:
    """`50000` of KES -> `500.00`, of UGX -> `50000`: the form files and APIs carry."""
    digits = minor_digits(currency)
    if not digits:
        return str(minor)
    whole, fraction = divmod(minor, 10**digits)
    return f"{whole}.{fraction:0{digits}d}"


def major_price(thousandths: int, currency: str) -> str:
    """`2500000` of KES -> `25.00`, `796400` of UGX -> `796.4`: at least the digits of the currency,
    more where the price has them."""
    minor, finer = divmod(thousandths, 10**_FINER_DIGITS)
    if not finer:
        return major(minor, currency)
    point = "" if minor_digits(currency) else "."
    return major(minor, currency) + point + f"{finer:0{_FINER_DIGITS}d}".rstrip("0")


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

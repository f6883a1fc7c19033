"""Reading named values from a file, and collecting every problem.

`Fields` is one table or one line of a file. Each value is read by a small function that raises
ValueError with the reason; nothing is guessed and nothing is corrected silently.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from core.catalogue import parse_code, parse_line
from core.invisible import plain_marks
from core.money import Money, typed_minor
from core.serial_number import parse_serial
from operations.importing.days import read_day

Value = TypeVar("Value")
Word = TypeVar("Word", bound=str)
Read = Callable[[Any], Value]

_SPREADSHEET_NUMBER = re.compile(r"[0-9]+\.0+|[0-9]+\.[0-9]+E[+-]?[0-9]+|[0-9]+E[+-][0-9]+", re.I)
# A spreadsheet writes whole numbers with a decimal part too.
_WHOLE = re.compile(r"([0-9]{1,9})(?:\.0{1,2})?", re.ASCII)
# Amounts of which one reading exists: 1,200.00 and 1.200,00 and 1.200.000 and 150,50.
_DOT_GROUPS = re.compile(
    r"[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]{1,2}|[0-9]{1,3}(?:\.[0-9]{3}){2,}", re.ASCII
)
_COMMA_DECIMALS = re.compile(r"[0-9]+,[0-9]{1,2}", re.ASCII)
# 1.200 is 1200 in one country and 1.2 in another.
_DOT_AMBIGUOUS = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}", re.ASCII)


class Fields:
    """Named values. `where` says where they stand; `problems` is shared by the whole file."""

    def __init__(self, where: str, values: Mapping[str, Any], problems: list[str]) -> None:
        self.where = where
        self._values = values
        self._problems = problems
        self._names_read: set[str] = set()
        self._found = 0

    def required(self, name: str, read: Read[Value]) -> Value:
        """Return the value. Where it is missing or wrong that is a problem, and the result must
        not be used."""
        if self._is_empty(name):
            self.problem(name, "is missing")
            return None  # type: ignore[return-value]
        return self._value(name, read)

    def optional(self, name: str, read: Read[Value], default: Value) -> Value:
        """Return the value, or `default` where it is missing or empty."""
        return default if self._is_empty(name) else self._value(name, read)

    def problem(self, name: str, reason: str) -> None:
        """Note what is wrong with a value."""
        self._problems.append(f"{self.where}: {name}: {reason}")
        self._found += 1

    def refuse_unknown(self) -> None:
        """Note every name that was never read as a problem, with a known name that is similar."""
        for name in self._values.keys() - self._names_read:
            self.problem(name, "is not known here" + hint(name, self._names_read))

    @property
    def is_good(self) -> bool:
        """Whether these values have no problem."""
        return not self._found

    def _is_empty(self, name: str) -> bool:
        self._names_read.add(name)
        return self._values.get(name) in (None, "")

    def _value(self, name: str, read: Read[Value]) -> Value:
        try:
            return read(self._values[name])
        except ValueError as error:
            self.problem(name, str(error))
            return None  # type: ignore[return-value]


def hint(name: str, known: Iterable[str]) -> str:
    """Return ` (did you mean "kind"?)`, or nothing where no known name is similar."""
    similar = difflib.get_close_matches(name, known, n=1)
    return f' (did you mean "{similar[0]}"?)' if similar else ""


def text(value: object) -> str:
    """Return one line of 1 to 80 characters, trimmed."""
    if not isinstance(value, str):
        raise ValueError("write it as a text in quotes")
    return parse_line(value)


def code(value: object) -> str:
    """Return the code of a catalogue entry."""
    if not isinstance(value, str):
        raise ValueError("write it as a text in quotes")
    return parse_code(plain_marks(value).strip())


def serial(value: object) -> str:
    """Return a serial number. What a spreadsheet made of one, as of a number, is refused."""
    typed = plain_marks(text(value)).strip()
    if _SPREADSHEET_NUMBER.fullmatch(typed):
        raise ValueError(
            f"{typed!r} is what a spreadsheet made of a serial number: make its column text, and"
            " enter the serial numbers again as they stand on the devices"
        )
    return parse_serial(typed)


def one_of(*words: Word) -> Read[Word]:
    """Return a reader of one of these words."""

    def read(value: object) -> Word:
        for word in words:
            if value == word:
                return word
        similar = hint(str(value), words)
        raise ValueError(f"{value!r} is none of {', '.join(words)}{similar}")

    return read


def list_of(read: Read[Value]) -> Read[tuple[Value, ...]]:
    """Return a reader of a list in square brackets; a repeated value counts once."""

    def read_all(value: object) -> tuple[Value, ...]:
        if not isinstance(value, list):
            raise ValueError("write it as a list in square brackets")
        return tuple(dict.fromkeys(read(item) for item in value))

    return read_all


def non_empty_list_of(read: Read[Value]) -> Read[tuple[Value, ...]]:
    """Return a reader of a list in square brackets with at least one value."""

    def read_all(value: object) -> tuple[Value, ...]:
        values = list_of(read)(value)
        if not values:
            raise ValueError("at least one is needed")
        return values

    return read_all


def amount(currency: str, typed: Callable[[str, str], int] = typed_minor) -> Read[int]:
    """Return a reader of money written as "25.00" or 25, in minor units or as `typed` has it.

    A float is refused, since it is not exact.
    """

    def read(value: object) -> int:
        if isinstance(value, float):
            raise ValueError(f'write money in quotes, like "{value:.2f}": a float is not exact')
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise ValueError(f"not an amount: {value!r}")
        return typed(_one_reading(str(value), currency), currency)

    return read


def _one_reading(typed: str, currency: str) -> str:
    """An amount with a point before its decimals. Raises ValueError where it has two readings."""
    text = plain_marks(typed).strip().removeprefix(currency).removesuffix(currency).strip()
    if _DOT_AMBIGUOUS.fullmatch(text):
        whole, _, rest = text.partition(".")
        raise ValueError(f"not an amount: {typed!r} could be {whole}{rest} or {whole}.{rest}")
    if _DOT_GROUPS.fullmatch(text):
        return text.replace(".", "").replace(",", ".")
    return text.replace(",", ".") if _COMMA_DECIMALS.fullmatch(text) else text


def money(currency: str, read: Read[int] | None = None) -> Read[Money]:
    """Return a reader of money, by `read` or else by `amount`."""
    read_minor = read or amount(currency)
    return lambda value: Money(read_minor(value), currency)


def positive(read: Read[int]) -> Read[int]:
    """Return a reader that also refuses 0 and less."""

    def read_positive(value: object) -> int:
        number = read(value)
        if number <= 0:
            raise ValueError("must be more than 0")
        return number

    return read_positive


def whole_number(least: int = 0, most: int = 999_999_999) -> Read[int]:
    """Return a reader of a whole number from `least` to `most`."""

    def read(value: object) -> int:
        whole = _WHOLE.fullmatch(plain_marks(str(value)).strip())
        if whole is None:
            raise ValueError(f"not a whole number: {value!r}")
        number = int(whole[1])
        if not least <= number <= most:
            raise ValueError(f"must be {least} to {most}, not {number}")
        return number

    return read


def boolean(value: object) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def day(value: object) -> date:
    """Return a date between 1900 and 2100: a date of TOML, or a text that `read_day` reads."""
    if isinstance(value, date) and not isinstance(value, datetime):
        read = value
    elif isinstance(value, str):
        read = read_day(value)
    else:
        raise ValueError(f"not a date: {value!r} (write it like 2026-01-31)")
    if not 1900 <= read.year <= 2100:
        raise ValueError(f"{str(read)!r} is not between 1900 and 2100")
    return read

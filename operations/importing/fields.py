"""Reading named values that an operator wrote, one by one, collecting every problem.

A `Fields` is one table of a file or one line of it. Values are read with small functions that raise
ValueError with the reason; nothing is guessed and nothing is corrected silently.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from core.catalogue import parse_code, parse_line
from core.money import Money, parse_minor

Value = TypeVar("Value")
Word = TypeVar("Word", bound=str)
Read = Callable[[Any], Value]

_WHOLE = re.compile(r"[0-9]{1,9}")


class Fields:
    """Named values with the words for where they stand. `problems` is shared by the whole file."""

    def __init__(self, where: str, values: Mapping[str, Any], problems: list[str]) -> None:
        self.where = where
        self._values = values
        self._problems = problems
        self._read: set[str] = set()
        self._found = 0

    def need(self, name: str, read: Read[Value]) -> Value:
        """The value; a missing one is a problem. After a problem the result means nothing."""
        if self._is_empty(name):
            self.problem(name, "is missing")
            return None  # type: ignore[return-value]
        return self._value(name, read)

    def may(self, name: str, read: Read[Value], default: Value) -> Value:
        """The value, or `default` when it is missing or empty."""
        return default if self._is_empty(name) else self._value(name, read)

    def problem(self, name: str, reason: str) -> None:
        self._problems.append(f"{self.where}: {name}: {reason}")
        self._found += 1

    def refuse_unknown(self) -> None:
        """Every name that was never asked for is a problem; a near one is offered."""
        for name in self._values.keys() - self._read:
            self.problem(name, "is not known here" + hint(name, self._read))

    @property
    def is_good(self) -> bool:
        return not self._found

    def _is_empty(self, name: str) -> bool:
        self._read.add(name)
        return self._values.get(name) in (None, "")

    def _value(self, name: str, read: Read[Value]) -> Value:
        try:
            return read(self._values[name])
        except ValueError as error:
            self.problem(name, str(error))
            return None  # type: ignore[return-value]


def hint(name: str, known: Iterable[str]) -> str:
    """` (did you mean "kind"?)`, or nothing when no known name is near."""
    near = difflib.get_close_matches(name, known, n=1)
    return f' (did you mean "{near[0]}"?)' if near else ""


def text(value: object) -> str:
    """One line of 1 to 80 characters, trimmed."""
    if not isinstance(value, str):
        raise ValueError("write it as a text in quotes")
    return parse_line(value)


def code(value: object) -> str:
    """A short name that never changes."""
    if not isinstance(value, str):
        raise ValueError("write it as a text in quotes")
    return parse_code(value)


def one_of(*words: Word) -> Read[Word]:
    """One word of a list."""

    def read(value: object) -> Word:
        for word in words:
            if value == word:
                return word
        near = hint(str(value), words)
        raise ValueError(f"{value!r} is none of {', '.join(words)}{near}")

    return read


def many(read: Read[Value]) -> Read[tuple[Value, ...]]:
    """A list in square brackets, without repetition."""

    def read_all(value: object) -> tuple[Value, ...]:
        if not isinstance(value, list):
            raise ValueError("write it as a list in square brackets")
        return tuple(dict.fromkeys(read(one) for one in value))

    return read_all


def at_least_one(read: Read[Value]) -> Read[tuple[Value, ...]]:
    """A list in square brackets with something in it."""

    def read_all(value: object) -> tuple[Value, ...]:
        values = many(read)(value)
        if not values:
            raise ValueError("at least one is needed")
        return values

    return read_all


def amount(currency: str) -> Read[int]:
    """Minor units of money written as "25.00" or 25. A float is refused: it is not exact."""

    def read(value: object) -> int:
        if isinstance(value, float):
            raise ValueError(f'write money in quotes, like "{value:.2f}": a float is not exact')
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise ValueError(f"not an amount: {value!r}")
        return parse_minor(str(value), currency)

    return read


def money(currency: str, read: Read[int] | None = None) -> Read[Money]:
    """Money as `amount` reads it, or as `read` does."""
    read_minor = read or amount(currency)
    return lambda value: Money(read_minor(value), currency)


def positive(read: Read[int]) -> Read[int]:
    """More than nothing."""

    def read_positive(value: object) -> int:
        number = read(value)
        if number <= 0:
            raise ValueError("must be more than 0")
        return number

    return read_positive


def whole(least: int = 0, most: int = 999_999_999) -> Read[int]:
    """A whole number within limits."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not _WHOLE.fullmatch(str(value).strip()):
            raise ValueError(f"not a whole number: {value!r}")
        number = int(str(value))
        if not least <= number <= most:
            raise ValueError(f"must be {least} to {most}, not {number}")
        return number

    return read


def yes_or_no(value: object) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def day(value: object) -> date:
    """A date of this or the last century: in TOML as such, elsewhere as 2026-01-31."""
    read = _calendar_day(value)
    if not 1900 <= read.year <= 2100:
        raise ValueError(f"{str(read)!r} is not between 1900 and 2100")
    return read


def _calendar_day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip()):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            raise ValueError(f"there is no day {value.strip()}") from None
    raise ValueError(f"not a date: {value!r} (write it like 2026-01-31)")

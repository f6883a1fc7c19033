"""Reading a day as spreadsheets write it: what has one reading is read, what has two is refused."""

from __future__ import annotations

import re
from datetime import date

from core.invisible import plain_marks

# 2026-01-31, with the midnight that spreadsheets add.
_YEAR_FIRST = re.compile(
    r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?", re.ASCII
)
_YEAR_LAST = re.compile(
    r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})(?: 0{1,2}:00(?::00)?)?", re.ASCII
)
# 31-Jan-2026, 31 January 2026
_NAMED = re.compile(r"([0-9]{1,2})[- /.]([A-Za-z]{3,9})\.?[- /,]+([0-9]{4})", re.ASCII)
_SHORT_YEAR = re.compile(r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2}", re.ASCII)
# A spreadsheet counts days from the end of 1899: 46053 is 31 January 2026.
_DAY_NUMBER = re.compile(r"[345][0-9]{4}(?:\.0+)?", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LIKE = "write it like 2026-01-31"


def read_day(typed: str) -> date:
    """Return the day: 2026-01-31 (as 2026/1/31 and with a midnight too), 31/01/2026 where day and
    month cannot be exchanged, 31-Jan-2026. Raises ValueError, with both readings where there are
    two."""
    text = plain_marks(typed).strip()
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day = map(int, found.groups())
        return _day(typed, year, month, day)
    if found := _YEAR_LAST.fullmatch(text):
        return _without_order(typed, *map(int, found.groups()))
    if found := _NAMED.fullmatch(text):
        name = found[2].casefold()[:3]
        if name in _MONTHS:
            return _day(typed, int(found[3]), _MONTHS.index(name) + 1, int(found[1]))
    if _SHORT_YEAR.fullmatch(text):
        raise ValueError(f"{typed!r} has a year of two digits; {_LIKE}")
    if _DAY_NUMBER.fullmatch(text):
        raise ValueError(f"{typed!r} is a spreadsheet's number of a day; make the column a date")
    raise ValueError(f"not a date: {typed!r} ({_LIKE})")


def _without_order(typed: str, first: int, second: int, year: int) -> date:
    """A day whose two first numbers are day and month in either order."""
    if first <= 12 and second <= 12 and first != second:
        readings = f"{date(year, second, first)} or {date(year, first, second)}"
        raise ValueError(f"{typed!r} could be {readings}; {_LIKE}")
    day, month = (first, second) if second <= 12 else (second, first)
    return _day(typed, year, month, day)


def _day(typed: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError(f"there is no day {typed.strip()}") from None

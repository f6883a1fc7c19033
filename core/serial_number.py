"""Serial numbers: trimmed, upper-case, without spaces and dashes, and then compared exactly.

A mistyped serial number is never corrected into another customer's device.
"""

from __future__ import annotations

import re

from core.invisible import plain_marks
from core.luhn import has_luhn_digit

LONGEST_SERIAL = 32
_SEPARATORS = re.compile(r"[\s-]+")
_LOOK_ALIKE = str.maketrans("OI", "01")
_METER_DIGITS = (11, 13)
_SERIAL = re.compile(rf"[A-Z0-9./_]{{1,{LONGEST_SERIAL}}}")


def normalise_serial(text: str) -> str:
    """The form in which serials are stored and compared; may be no serial at all (see below)."""
    return _SEPARATORS.sub("", plain_marks(text)).upper()


def look_alike(serial: str) -> str:
    """A form in which O and 0, I and 1 are the same; only to compare a person's own devices."""
    return normalise_serial(serial).translate(_LOOK_ALIKE)


def parse_serial(text: str) -> str:
    """The normalised serial. Raises ValueError when it cannot be one."""
    serial = normalise_serial(text)
    if not _SERIAL.fullmatch(serial):
        raise ValueError(f"not a serial number: {text!r}")
    return serial


def is_meter_number(serial: str) -> bool:
    """Whether it can be an STS meter's: 11 or 13 digits, the last a check digit (IEC 62055-41)."""
    is_number = serial.isascii() and serial.isdecimal() and len(serial) in _METER_DIGITS
    return is_number and has_luhn_digit(serial)

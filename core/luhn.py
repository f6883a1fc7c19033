"""The Luhn check digit (ISO/IEC 7812): on STS meter numbers and primary account numbers."""

from __future__ import annotations


def luhn_digit(digits: str) -> int:
    """The check digit that belongs behind these digits."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits)))
    return -sum(number // 10 + number % 10 for number in doubled) % 10


def has_luhn_digit(digits: str) -> bool:
    """Whether the last digit is the check digit of the rest."""
    return luhn_digit(digits[:-1]) == int(digits[-1])

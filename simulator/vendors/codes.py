"""The codes of the stand-in vendors. Pure functions.

A code holds what it does, its number and how much it gives, under digits that check all of it
together with the device's serial number. Another device takes it for a wrong code, and two vends
never give the same one. It looks like any code, and protects nothing.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple, get_args

from core.vend import VendAction

_ACTIONS: tuple[VendAction, ...] = get_args(VendAction)
# Digits of a code -> those of its number, its units, and its check: one more says what it does.
_SHAPES = {20: (4, 7, 8), 15: (3, 5, 6)}


class VendedCode(NamedTuple):
    """What a code does. `number`: 1 for the first vend of the device, then one more each time."""

    action: VendAction
    number: int
    units: int


def write_code(serial: str, vended: VendedCode, digits: int = 20) -> str:
    """Return the code, of 20 or 15 digits."""
    of_number, of_units, of_check = _SHAPES[digits]
    number = f"{vended.number % 10**of_number:0{of_number}}"
    plain = f"{_ACTIONS.index(vended.action)}{number}{vended.units:0{of_units}}"
    check = _digest(f"{serial}/{plain}", of_check)
    return _covered(plain, check, +1) + check


def read_code(serial: str, code: str) -> VendedCode | None:
    """Return what a code does on the device; None where it is not one of this device's."""
    if len(code) not in _SHAPES:
        return None
    of_number, _, of_check = _SHAPES[len(code)]
    covered, check = code[:-of_check], code[-of_check:]
    plain = _covered(covered, check, -1)
    if _digest(f"{serial}/{plain}", of_check) != check:
        return None
    number, units = plain[1 : 1 + of_number], plain[1 + of_number :]
    return VendedCode(_ACTIONS[int(plain[0])], int(number), int(units))


def _covered(digits: str, check: str, sign: int) -> str:
    """Digit by digit plus or minus what the check digits give, so that codes look random."""
    cover = _digest(check, len(digits))
    return "".join(str((int(a) + sign * int(b)) % 10) for a, b in zip(digits, cover, strict=True))


def _digest(text: str, digits: int) -> str:
    number = int.from_bytes(hashlib.sha256(text.encode()).digest())
    return f"{number % 10**digits:0{digits}}"

"""Devices that may soon take no code: many were made for them lately and, maybe, never typed.

A device looks for a code among so many counts (OpenPAYGO) or ids (Nexus) above the last one that it
took. We never hear what was typed, but a customer who keeps paying for a kit has typed its codes:
those of the last two weeks count, after the count that was last read from it. A code a day stays
below half of the window.
"""

from __future__ import annotations

from datetime import timedelta

from core.db.audit import open_case
from core.db.code_windows import WindowUse, windows_in_use
from core.tokens.family import FAMILIES
from core.unit import Unit

CODES_NOT_TYPED = "codes_not_typed"
_LATELY = timedelta(days=14)
_WINDOWS = {name: family.time.window for name, family in FAMILIES.items() if family.time}


def find_wide_windows(unit: Unit, device_id: int | None = None) -> list[WindowUse]:
    """Return the devices that have used half of their window; only that one where it is named."""
    halves = {name: window // 2 for name, window in _WINDOWS.items()}
    return windows_in_use(unit.connection, unit.now - _LATELY, halves, device_id)


def describe_window(use: WindowUse) -> str:
    """Say how much of its window a device has used."""
    return f"{use.serial}: {use.ahead} of {_WINDOWS[use.family]} counts in two weeks"


def report_wide_windows(unit: Unit) -> int:
    """Open a case for each device that has used half of its window; return how many there are."""
    found = find_wide_windows(unit)
    for use in sorted(found, key=lambda use: use.serial):
        detail = (
            f"{describe_window(use)}. Past that number the device refuses its codes, unless the"
            " earlier ones were typed. Ask the owner whether they were, and to type them in order."
            ' If it refuses one, its page has "Refuses a code"'
        )
        open_case(unit.connection, unit.now, CODES_NOT_TYPED, use.serial, detail)
    return len(found)

"""Kilowatt-hours and meter numbers as vendors of meters write them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation


def kwh(tenths: int) -> str:
    """Return tenths of a kilowatt-hour as text with one decimal: 123 is `12.3`."""
    return f"{tenths // 10}.{tenths % 10}"


def tenths_in(written: object) -> int | None:
    """Return kilowatt-hours, a number or text, as tenths; None where there are none to read."""
    try:
        return round(Decimal(str(written)) * 10)
    except (InvalidOperation, ValueError, OverflowError):
        return None


def is_another_meter(written: object, serial: str) -> bool:
    """Return whether an answer names a meter, and not this one. Zeros at the beginning come and
    go."""
    named = str(written or "").strip().lstrip("0")
    return bool(named) and named != serial.lstrip("0")

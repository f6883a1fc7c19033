"""Kilowatt-hours as they are asked for."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from simulator.vendors.wire import Refused


def tenths_of(kwh: object) -> int:
    """Kilowatt-hours, a number or text, as tenths. Raises Refused for a finer amount, or none."""
    try:
        tenths = Decimal(str(kwh)) * 10
    except InvalidOperation:
        raise Refused("amount") from None
    if not tenths.is_finite() or tenths != int(tenths):
        raise Refused("amount")
    return int(tenths)

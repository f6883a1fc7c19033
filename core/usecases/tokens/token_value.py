"""What a token is worth that an operator orders: what the owner would have paid for it.

It is what the order counts against the operator's limit, not what is booked (goodwill): a token for
a plan is booked at nothing, because the customer still owes the whole price.
"""

from __future__ import annotations

from core.db.token_values import DevicePrices, prices_of_device
from core.unit import Unit

_YEAR = 365
_PARTS = 10 * 1000  # tenths of a kWh, and thousandths of a minor unit


def value_of_token(unit: Unit, serial: str, kind: str, units: int) -> int:
    """Return the value in minor units of `units`: tenths of a kWh, or days; 0 for unlock and lock.

    Energy counts at the price of the device's tariff, days at what its plan or its price of a day
    says (also days that are set: we do not know how many it had), an unlock at what is open
    of its plan. A device without a plan counts with its price, which a year of days reaches; one
    that its owner has paid off counts nothing, nor does any other token.
    """
    prices = prices_of_device(unit.connection, serial, unit.today)
    if prices is None or kind not in ("energy", "days", "set_days", "unlock"):
        return 0
    if kind == "energy":
        return -(-units * prices.price_per_kwh_thousandths // _PARTS)
    return _days_value(prices, units) if kind in ("days", "set_days") else _whole_value(prices)


def _whole_value(prices: DevicePrices) -> int:
    if prices.open_minor is not None:
        return prices.open_minor
    return 0 if prices.is_paid_off and prices.price_per_day_minor is None else prices.price_minor


def _days_value(prices: DevicePrices, days: int) -> int:
    if prices.price_per_day_minor is not None:
        return days * prices.price_per_day_minor
    if prices.plan_days:
        return days * prices.plan_minor // prices.plan_days
    whole = _whole_value(prices)
    return min(whole, -(-whole * days // _YEAR))

"""The price of codes that operators give away: booked as goodwill, at what they would have cost.

Energy costs the meter's tariff, days the price of a day where the device is used by the day. Days
on an instalment plan cost nothing: the customer still owes the whole price. Nor does a code for a
device without a price, such as one in stock.
"""

from __future__ import annotations

from core.db.ledger import post_entries
from core.db.tariffs import versions_of
from core.db.tokens import set_order_value
from core.device import Device, TokenOrder
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.tariff import energy_cost, version_on
from core.unit import Unit

_INCOME = {"energy": "income:energy", "days": "income:days"}


def post_goodwill(unit: Unit, order: TokenOrder, device: Device) -> None:
    """Post what an ordered code would have cost today, in the transaction that makes the code."""
    value_minor = price_of_code(unit, device, order.kind, order.units)
    if not value_minor:
        return
    legs = (
        Posting("expense:goodwill", DEBIT, value_minor, device.owner_id),
        Posting(_INCOME[order.kind], CREDIT, value_minor, device.owner_id),
    )
    post_entries(
        unit.connection, unit.now, [JournalEntry("goodwill", f"goodwill:{order.id}", legs)]
    )
    set_order_value(unit.connection, order.id, value_minor)


def price_of_code(unit: Unit, device: Device, kind: str, units: int) -> int:
    """Return what that many units (tenths of a kWh, or days) cost today, in minor units."""
    if device.owner_id is None:
        return 0
    if kind == "energy" and device.tariff_id is not None:
        version = version_on(versions_of(unit.connection, [device])[device.tariff_id], unit.today)
        return energy_cost(units, version) if version else 0
    if kind == "days" and device.price_per_day_minor:
        return units * device.price_per_day_minor
    return 0

"""The price of tokens that operators give away: booked as goodwill, at what they would have cost.

Energy costs the meter's tariff, days the price of a day where the device is used by the day. Days
on an instalment plan cost nothing: the customer still owes the whole price. Nor does a token for a
device without a price, such as one in stock, or one that replaces what was paid for.
"""

from __future__ import annotations

from core.db.devices import find_device
from core.db.ledger import post_entries
from core.db.tariffs import versions_of
from core.db.tokens import set_order_value
from core.device import Device, TokenOrder
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.tariff import energy_cost, version_on
from core.tokens.family import Action
from core.unit import Unit
from core.usecases.tokens.token_orders import order_token

_INCOME = {"energy": "income:energy", "days": "income:days"}


def give_token(
    unit: Unit, serial: str, kind: Action, units: int, operator: str, reason: str
) -> int:
    """Order a token that is a gift, as `order_token` does, at the price of today. Return the id of
    the order. Raises Refused as `order_token`."""
    order_id = order_token(unit, serial, kind, units, operator, reason)
    device = find_device(unit.connection, serial)
    value_minor = price_of_token(unit, device, kind, units) if device else 0
    if value_minor:
        set_order_value(unit.connection, order_id, value_minor)
    return order_id


def post_goodwill(unit: Unit, order: TokenOrder, device: Device) -> None:
    """Post what an ordered token would have cost, in the transaction that makes the token."""
    if not order.value_minor:
        return
    legs = (
        Posting("expense:goodwill", DEBIT, order.value_minor, device.owner_id),
        Posting(_INCOME[order.kind], CREDIT, order.value_minor, device.owner_id),
    )
    entry = JournalEntry("goodwill", f"goodwill:{order.id}", legs)
    post_entries(unit.connection, unit.now, [entry])


def price_of_token(unit: Unit, device: Device, kind: str, units: int) -> int:
    """Return what that many units (tenths of a kWh, or days) cost today, in minor units."""
    if device.owner_id is None:
        return 0
    if kind == "energy" and device.tariff_id is not None:
        version = version_on(versions_of(unit.connection, [device])[device.tariff_id], unit.today)
        return energy_cost(units, version) if version else 0
    if kind == "days" and device.price_per_day_minor:
        return units * device.price_per_day_minor
    return 0

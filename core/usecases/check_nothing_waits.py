"""A device with money on its way to it keeps its owner: whose that money is was decided by it."""

from __future__ import annotations

from core.db.plans import has_waiting_payment
from core.errors import Refused
from core.unit import Unit


def check_nothing_waits(unit: Unit, device_id: int, serial: str) -> None:
    """Before a locked device changes hands. Raises Refused("payment_waiting") while a payment for
    it waits to be applied."""
    if has_waiting_payment(unit.connection, device_id):
        raise Refused("payment_waiting", serial=serial)

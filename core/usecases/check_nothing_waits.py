"""A device with money on its way to it keeps its owner: whose that money is was decided by it."""

from __future__ import annotations

from datetime import timedelta

from core.db.plans import has_waiting_payment
from core.errors import Refused
from core.unit import Unit

# Until then whoever was shown a prompt has answered it, or the network has for them.
_ANSWERED_WITHIN = timedelta(minutes=10)


def check_nothing_waits(unit: Unit, device_id: int, serial: str) -> None:
    """Before a locked device changes hands. Raises Refused("payment_waiting") while a payment for
    it waits to be applied, or somebody may be approving one on the phone."""
    if has_waiting_payment(unit.connection, device_id, unit.now - _ANSWERED_WITHIN):
        raise Refused("payment_waiting", serial=serial)

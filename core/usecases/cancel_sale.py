"""An operator ends a sale (return, repossession): what is open is no longer owed, the device goes
back to stock. What was paid stays paid, and nothing in the books is deleted.

A lock code is ordered where the device's family has one; a worker, who holds the key, makes it.
"""

from __future__ import annotations

from core.db.devices import get_device
from core.db.plans import lock_sale, parts_of, set_sale, take_back
from core.errors import Refused
from core.unit import Unit
from core.usecases.audit import write_audit
from core.usecases.check_nothing_waits import check_nothing_waits
from core.usecases.order_token import order_lock
from core.usecases.reprice_sale import post_change
from core.usecases.tell_buyer import tell_cancelled


def cancel_sale(unit: Unit, sale_id: int, operator: str, reason: str) -> None:
    """Cancel an open sale. Raises Refused: sale_unknown, sale_not_open, payment_waiting (money for
    the device is about to be applied), reason_missing."""
    sale = lock_sale(unit.connection, sale_id)
    if sale is None:
        raise Refused("sale_unknown")
    if sale.state != "open":
        raise Refused("sale_not_open", state=sale.state)
    device = None if sale.device_id is None else get_device(unit.connection, sale.device_id)
    if device is not None:
        check_nothing_waits(unit, device.id, device.serial)
    open_minor = sum(part.open_minor for part in parts_of(unit.connection, sale.id))
    post_change(unit, sale, "cancelled", f"cancelled:{sale.id}", -open_minor)
    set_sale(unit.connection, sale.id, state="cancelled")
    if device is not None:
        take_back(unit.connection, device.id)
        order_lock(unit, get_device(unit.connection, device.id), operator, reason)
    tell_cancelled(unit, sale)
    write_audit(unit, operator, "cancel", "sale", sale.id, reason, open_minor=open_minor)

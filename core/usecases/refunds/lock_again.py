"""Lock a device again whose plan was complete, until a payment of the plan was taken back."""

from __future__ import annotations

from core.db.devices import get_device
from core.db.sales import reopened_sale
from core.device import Device
from core.money import Money
from core.payment import BookedPayment
from core.sale import ReopenedSale
from core.tokens.family import can
from core.unit import Unit
from core.usecases.operators.audit import ITSELF
from core.usecases.tokens.token_orders import order_lock


def lock_again(unit: Unit, payment: BookedPayment, sale_id: int) -> str | None:
    """Order a lock for the device of a sale that `payment`, taken back, has opened again or had
    helped to settle, where its codes can lock and it is still that customer's.

    Returns how it stands, for an operator; None for a sale without a device that was unlocked: a
    meter, or no device at all.
    """
    sale = reopened_sale(unit.connection, sale_id)
    if sale.device_id is None:
        return None
    device = get_device(unit.connection, sale.device_id)
    if not device.is_payg:
        return None
    if device.owner_id != payment.customer_id:
        what_now = "the device is not this customer's any more, so it is not locked"
    elif can(device.token_family, "lock"):
        order_lock(unit, device, ITSELF, f"{payment.receipt} was taken back")
        what_now = "a lock code is being made: have it typed in, it stands at the device's page"
    else:
        what_now = "no code locks this device: lock it by hand, or fetch it"
    return f"{_position_of(unit, device, sale)}; {what_now}"


def _position_of(unit: Unit, device: Device, sale: ReopenedSale) -> str:
    position = f"{device.serial} was unlocked"
    if sale.open_minor:
        open_again = Money(sale.open_minor, unit.market.currency)
        position += f", and {open_again} of its plan is open again"
    else:
        position += " when its sale was settled: order an unlock when that debt is paid"
    if sale.days_owed:
        position += f"; {sale.days_owed} days are paid for that no code has given: order them"
    return position

"""An operator orders a manual token: days, kWh, unlock or lock. A worker, which holds the keys,
makes it (make_ordered_tokens). These tokens are powerful: each has a reason and an audit row.
"""

from __future__ import annotations

from core.db.devices import find_device
from core.db.tokens import insert_order
from core.device import Device
from core.errors import Refused
from core.tokens.family import Action, can
from core.unit import Unit
from core.usecases.operators.audit import write_audit

# More in one token is a mistake: ten years of days, ten thousand kWh.
_MOST = {"days": 3650, "energy": 100_000}


def order_token(
    unit: Unit, serial: str, kind: Action, units: int, operator: str, reason: str
) -> int:
    """The order's id. `units`: days, or tenths of a kWh; 0 for unlock and lock.

    Raises Refused: unknown_serial, token_not_supported (the family has no such token),
    token_amount_range, token_without_amount, token_ordered (such a token is being made),
    reason_missing.
    """
    device = find_device(unit.connection, serial)
    if device is None:
        raise Refused("unknown_serial", serial=serial)
    if not can(device.token_family, kind):
        raise Refused("token_not_supported", serial=serial, kind=kind)
    _check_amount(kind, units)
    return _order(unit, device, kind, units, operator, reason)


def _check_amount(kind: Action, units: int) -> None:
    most = _MOST.get(kind)
    if most is None and units:
        raise Refused("token_without_amount", kind=kind)
    if most is not None and not 0 < units <= most:
        raise Refused("token_amount_range", most=most // 10 if kind == "energy" else most)


def order_lock(unit: Unit, device: Device, operator: str, reason: str) -> None:
    """A lock for a device that was taken back, where its family can; one is enough."""
    _order_once(unit, device, "lock", operator, reason)


def order_unlock(unit: Unit, device: Device, operator: str, reason: str) -> None:
    """The token that frees a device for good, where its family can; one is enough."""
    _order_once(unit, device, "unlock", operator, reason)


def _order_once(unit: Unit, device: Device, kind: Action, operator: str, reason: str) -> None:
    if not can(device.token_family, kind):
        return
    try:
        _order(unit, device, kind, 0, operator, reason)
    except Refused as refused:
        if refused.code != "token_ordered":
            raise


def _order(unit: Unit, device: Device, kind: Action, units: int, operator: str, reason: str) -> int:
    order_id = insert_order(
        unit.connection,
        unit.now,
        {
            "device_id": device.id,
            "kind": kind,
            "units": units,
            "operator": operator,
            "reason": reason.strip()[:500],
        },
    )
    if order_id is None:
        raise Refused("token_ordered", serial=device.serial, kind=kind)
    unit.wakes.add("payments")
    write_audit(
        unit,
        operator,
        "order_token",
        "device",
        device.id,
        reason,
        kind=kind,
        units=units,
        order=order_id,
    )
    return order_id

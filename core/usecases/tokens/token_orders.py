"""An operator orders a manual token: days, kWh, unlock or lock. A worker, which holds the keys,
makes it (make_ordered_tokens). These tokens are powerful: each has a reason and an audit row.
"""

from __future__ import annotations

from core.db.devices import find_device
from core.db.tokens import insert_order
from core.device import Device
from core.errors import Refused
from core.tokens.errors import TokenImpossible
from core.tokens.family import Action, DeviceSecret, can, check_possible
from core.tokens.openpaygo import kit_of
from core.unit import Unit
from core.usecases.operators.audit import write_audit

# More in one token is a mistake: ten years of days, ten thousand kWh.
_MOST = {"days": 3650, "set_days": 3650, "energy": 100_000}
# Stands for a key that is there.
_SOME_KEY = bytes(16)


def order_token(
    unit: Unit, serial: str, kind: Action, units: int, operator: str, reason: str
) -> int:
    """The order's id. `units`: days, or tenths of a kWh; 0 for what has no amount.

    Raises Refused: unknown_serial, token_not_supported (the family has no such token),
    token_amount_range, token_without_amount, no_codes (such as days that no code sets exactly, or
    ids that may not be wiped), token_ordered (such a token is being made), reason_missing.
    """
    device = find_device(unit.connection, serial)
    if device is None:
        raise Refused("unknown_serial", serial=serial)
    if not _can(device, kind):
        raise Refused("token_not_supported", serial=serial, kind=kind)
    _check_amount(kind, units)
    _check_timed(unit, device, kind, units)
    return _order(unit, device, kind, units, operator, reason)


def _can(device: Device, kind: Action) -> bool:
    """Whether we make such a token, or the account with the device's vendor can."""
    return can(device.token_family, kind) or kind in (device.vendor_actions or ())


def _check_amount(kind: Action, units: int) -> None:
    most = _MOST.get(kind)
    if most is None and units:
        raise Refused("token_without_amount", kind=kind)
    if most is not None and not 0 < units <= most:
        raise Refused("token_amount_range", most=most // 10 if kind == "energy" else most)


def _check_timed(unit: Unit, device: Device, kind: Action, days: int) -> None:
    """Check that a device whose codes give time can get that one."""
    if not can(device.token_family, "days"):
        return
    secret = DeviceSecret(
        device.serial,
        device.token_family,
        key=_SOME_KEY if device.has_key else None,
        kit=kit_of(device.digits, device.divider),
    )
    try:
        check_possible(secret, device.token_counter, kind, unit.now, days)
    except TokenImpossible as never:
        raise Refused("no_codes", serial=device.serial, why=str(never)) from None


def order_lock(unit: Unit, device: Device, operator: str, reason: str) -> None:
    """A lock for a device that was taken back, where its family can; one is enough."""
    _order_once(unit, device, "lock", operator, reason)


def order_unlock(unit: Unit, device: Device, operator: str, reason: str) -> None:
    """The token that frees a device for good, where its family can; one is enough."""
    _order_once(unit, device, "unlock", operator, reason)


def _order_once(unit: Unit, device: Device, kind: Action, operator: str, reason: str) -> None:
    if not _can(device, kind):
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

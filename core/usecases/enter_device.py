"""An operator enters one device into stock, by the rules of an import (register_devices).

A meter gets what new ones of its maker leave the factory with, unless something else is said. A key
of its own is sealed at once by whoever may seal and not open (a letterbox); it is in no audit row.
"""

from __future__ import annotations

from dataclasses import replace

from core.db.by_key import rows_by_key
from core.db.registration import devices_by_serial
from core.db.rows.goods import manufacturers
from core.errors import BrokenInvariant, Refused
from core.tokens.sealing import Seals
from core.tokens.sts_keys import StsMeter
from core.unit import Unit
from core.usecases.audit import write_audit
from core.usecases.entries import RefusedEntries
from core.usecases.register_devices import DeviceEntry, register_devices


class _NoKeys:
    """What seals keys where there is nothing to seal them with."""

    def seal(self, plain: bytes, bound_to: str) -> bytes:
        raise Refused("letterbox_missing")

    def holds(self, sealed: bytes, bound_to: str, plain: bytes | None) -> bool:
        raise BrokenInvariant("a new device has no key to compare with")


def enter_device(
    unit: Unit, entry: DeviceEntry, operator: str, reason: str, keys: Seals | None = None
) -> int:
    """The new device's id.

    Raises Refused like `register_devices`, and device_known, letterbox_missing (it has a key, and
    there are no `keys` to seal it).
    """
    if devices_by_serial(unit.connection, [entry.serial]):
        raise Refused("device_known", serial=entry.serial)
    makers = rows_by_key(unit.connection, manufacturers, "code", {entry.manufacturer})
    sts = makers.get(entry.manufacturer, {}).get("sts")
    given = replace(entry, sts=StsMeter(**sts)) if sts and entry.sts is None else entry
    try:
        register_devices(unit, [given], keys or _NoKeys())
    except RefusedEntries as refused:
        raise refused.refusals[0][1] from None
    device_id = devices_by_serial(unit.connection, [entry.serial])[entry.serial].id
    write_audit(unit, operator, "enter", "device", device_id, reason, serial=entry.serial)
    return device_id

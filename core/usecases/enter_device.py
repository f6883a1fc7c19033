"""An operator enters one device into stock, by the rules of an import (register_devices).

A meter gets what new ones of its maker leave the factory with. What needs a key of its own is
refused here and imported: nobody types a key into a page.
"""

from __future__ import annotations

from dataclasses import replace

from core.db.by_key import rows_by_key
from core.db.registration import devices_by_serial
from core.db.rows.goods import manufacturers
from core.errors import Refused
from core.tokens.errors import TokenError
from core.tokens.sts_keys import StsMeter
from core.unit import Unit
from core.usecases.audit import note_act
from core.usecases.entries import RefusedEntries
from core.usecases.register_devices import DeviceEntry, register_devices


class _NoKeys:
    """What seals keys where none are taken in."""

    def seal(self, plain: bytes, bound_to: str) -> bytes:
        raise TokenError("a device with a key of its own is imported")

    def holds(self, sealed: bytes, bound_to: str, plain: bytes | None) -> bool:
        raise TokenError("no key is compared here")


def enter_device(unit: Unit, entry: DeviceEntry, who: str, reason: str) -> int:
    """The new device's id.

    Raises Refused like `register_devices`, and device_known.
    """
    if devices_by_serial(unit.connection, [entry.serial]):
        raise Refused("device_known", serial=entry.serial)
    makers = rows_by_key(unit.connection, manufacturers, "code", {entry.manufacturer})
    sts = makers.get(entry.manufacturer, {}).get("sts")
    given = replace(entry, sts=StsMeter(**sts)) if sts else entry
    try:
        register_devices(unit, [given], _NoKeys())
    except RefusedEntries as refused:
        raise refused.refusals[0][1] from None
    device_id = devices_by_serial(unit.connection, [entry.serial])[entry.serial].id
    note_act(unit, who, "enter", "device", device_id, reason, serial=entry.serial)
    return device_id

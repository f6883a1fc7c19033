"""Register one device by hand, at the console."""

from __future__ import annotations

from dataclasses import replace

from core.db.bulk import rows_by_key
from core.db.registration import devices_by_serial
from core.db.serial_checks import ask_serial, askable_manufacturers
from core.db.tables.catalogue import manufacturers
from core.errors import BrokenInvariant, Refused
from core.tokens.sealing import Seals
from core.tokens.sts_keys import StsMeter
from core.unit import Unit
from core.usecases.devices.register_devices import DeviceEntry, register_devices
from core.usecases.devices.vendor import list_unserved
from core.usecases.operators.audit import write_audit
from core.usecases.operators.bulk import RefusedEntries


class _NoKeys:
    """Seals no key: there is no public sealing key to do it with."""

    def seal(self, plain: bytes, bound_to: str) -> bytes:
        raise Refused("sealing_key_missing")

    def holds(self, sealed: bytes, bound_to: str, plain: bytes | None) -> bool:
        raise BrokenInvariant("a new device has no key to compare with")


def enter_device(
    unit: Unit, entry: DeviceEntry, operator: str, reason: str, keys: Seals | None = None
) -> int:
    """Register one device by hand. Return its id.

    A vendor that can be asked is asked whether it has the device; its page shows the answer.
    A new STS meter gets what its manufacturer's meters leave the factory with. Raises Refused as
    `register_devices`, and: device_known; manufacturer_unserved; sealing_key_missing, for a device
    with a key while `keys` is None; reason_missing.
    """
    if devices_by_serial(unit.connection, [entry.serial]):
        raise Refused("device_known", serial=entry.serial)
    if unserved := list_unserved(unit.connection).get(entry.manufacturer):
        raise Refused("manufacturer_unserved", manufacturer=entry.manufacturer, reason=unserved)
    found = rows_by_key(unit.connection, manufacturers, "code", {entry.manufacturer})
    sts = found.get(entry.manufacturer, {}).get("sts")
    given = replace(entry, sts=StsMeter(**sts)) if sts and entry.sts is None else entry
    try:
        register_devices(unit, [given], keys or _NoKeys())
    except RefusedEntries as refused:
        raise refused.refusals[0][1] from None
    device_id = devices_by_serial(unit.connection, [entry.serial])[entry.serial].id
    for asked in askable_manufacturers(unit.connection, entry.kind, entry.manufacturer):
        if ask_serial(unit.connection, entry.serial, asked, None, operator, unit.now):
            unit.wakes.add("vends")
    write_audit(unit, operator, "enter", "device", device_id, reason, serial=entry.serial)
    return device_id

"""Open what a device's tokens are made from. Only processes that hold the key ring can: workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from core.db.tokens import SealedKey, keys_by_master, lock_other_keys, store_keys
from core.device import Device
from core.settings import Environment, read
from core.tokens.errors import TokenError
from core.tokens.family import DeviceSecret
from core.tokens.keys import KeyRing, VendingKeys
from core.tokens.sealing import bound_to
from core.tokens.sta import StaTables
from core.tokens.sts_keys import StsMeter
from core.unit import Unit
from core.usecases.operators.audit import write_audit

OpenSecret = Callable[[Device], DeviceSecret]


def secret_opener(
    ring: KeyRing, vending_keys: VendingKeys, sta_tables: StaTables | None = None
) -> OpenSecret:
    """A function from a device row to its secret. What it returns raises TokenError."""

    def open_secret(device: Device) -> DeviceSecret:
        sealed, meter = device.sealed_key, None
        if device.sts is not None:
            meter = StsMeter(**device.sts)
            meter = replace(meter, vending_key=vending_keys.of(meter.sgc), sta_tables=sta_tables)
        return DeviceSecret(
            serial=device.serial,
            family=device.token_family,
            key=ring.open(sealed, bound_to(device.serial)) if sealed else None,
            starting_code=device.starting_code,
            sts=meter,
        )

    return open_secret


def secrets_from(environment: Environment) -> OpenSecret:
    """The opener of a process that holds the keys: DEVICE_KEY_SECRET, STS_VENDING_KEY_<sgc> and,
    for EA07 meters, the STA tables in STA_TABLES (JSON). Raises BadInput and TokenError."""
    tables = read(environment, "STA_TABLES", "")
    return secret_opener(
        KeyRing.from_settings(read(environment, "DEVICE_KEY_SECRET")),
        VendingKeys(environment),
        StaTables.from_json(tables) if tables else None,
    )


@dataclass(frozen=True, slots=True)
class Rotated:
    """One page: how many keys were sealed anew, the serials of those that do not open, and after
    which device the next page begins (None: this was the last)."""

    sealed: int
    unopened: tuple[str, ...]
    after: int | None


def rotate_keys(unit: Unit, ring: KeyRing, after: int, limit: int) -> Rotated:
    """Seal the next `limit` keys that another than the ring's first key seals."""
    page = lock_other_keys(unit.connection, ring.sealing_id, after, limit)
    fresh = {one.device_id: _again(ring, one) for one in page}
    store_keys(unit.connection, {key: sealed for key, sealed in fresh.items() if sealed})
    unopened = tuple(one.serial for one in page if fresh[one.device_id] is None)
    following = page[-1].device_id if len(page) == limit else None
    return Rotated(len(page) - len(unopened), unopened, following)


def _again(ring: KeyRing, one: SealedKey) -> bytes | None:
    place = bound_to(one.serial)
    try:
        return ring.seal(ring.open(one.sealed, place), place)
    except TokenError:
        return None


def list_keys(unit: Unit) -> dict[str, int]:
    """How many device keys each master key seals, by its id."""
    return keys_by_master(unit.connection)


def note_rotation(unit: Unit, operator: str, ring: KeyRing, sealed: int) -> dict[str, int]:
    """The audit row of a run that sealed something; how many keys each master key now seals."""
    if sealed:
        reason = f"device keys sealed with master key {ring.sealing_id}"
        write_audit(unit, operator, "rotate_keys", "devices", 0, reason, keys=sealed)
    return list_keys(unit)

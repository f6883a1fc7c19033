"""Decrypt the secrets that tokens are made from. Only workers hold the key ring to do it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from core.db.tokens import SealedKey, keys_by_master, lock_other_keys, store_keys
from core.device import Device
from core.environment import Environment, read_setting
from core.errors import BrokenInvariant
from core.tokens.errors import TokenError
from core.tokens.family import DeviceSecret
from core.tokens.keys import KeyRing, VendingKeys
from core.tokens.links import Links
from core.tokens.openpaygo import kit_of
from core.tokens.sealing import bound_to, chain_bound_to
from core.tokens.sta import StaTables
from core.tokens.sts_keys import StsMeter
from core.unit import Unit
from core.usecases.operators.audit import write_audit

OpenSecret = Callable[[Device], DeviceSecret]

# The families whose codes are links of a hash chain.
_CHAINED = ("openpaygo",)


def secret_opener(
    ring: KeyRing, vending_keys: VendingKeys, sta_tables: StaTables | None = None
) -> OpenSecret:
    """Return a function that decrypts the secret of a device. That function raises TokenError."""

    def open_secret(device: Device) -> DeviceSecret:
        if device.has_key and device.sealed_key is None:
            raise BrokenInvariant(f"device {device.serial} was read without its secrets")
        sealed = device.sealed_key
        secret = DeviceSecret(
            serial=device.serial,
            family=device.token_family,
            key=ring.open(sealed, bound_to(device.serial)) if sealed else None,
            starting_code=device.starting_code,
            sts=_with_key(device.sts),
        )
        return _with_kit(ring, device, secret) if device.token_family in _CHAINED else secret

    def _with_key(stored: dict[str, Any] | None) -> StsMeter | None:
        if stored is None:
            return None
        meter = StsMeter(**stored)
        key = vending_keys.of(meter.sgc, meter.krn, meter.dkga)
        return replace(meter, vending_key=key, sta_tables=sta_tables)

    return open_secret


def _with_kit(ring: KeyRing, device: Device, secret: DeviceSecret) -> DeviceSecret:
    """Add what is known of an OpenPAYGO device."""
    place = chain_bound_to(device.serial)
    secret = replace(
        secret,
        kit=kit_of(device.digits, device.divider),
        test_code=device.test_code,
        seal_links=lambda packed: ring.seal(packed, place),
    )
    return replace(secret, links=_links(ring, device.sealed_chain, place, secret))


def _links(ring: KeyRing, sealed: bytes | None, place: str, secret: DeviceSecret) -> Links:
    """The links of the device's row. Those that do not open, as after their master key was taken
    away, are none: the chain is then hashed from its beginning."""
    if sealed is None or secret.key is None:
        return Links()
    try:
        packed = ring.open(sealed, place)
    except TokenError:
        return Links()
    return Links.unpack(packed, secret.key, secret.links_belong_to)


def secrets_from(environment: Environment, vending_keys: VendingKeys | None = None) -> OpenSecret:
    """Return the decrypting function, made from the settings of a worker.

    They are DEVICE_KEY_SECRET, STS_VENDING_KEY_<sgc>_<krn> (read here, or given as `vending_keys`)
    and, for EA07 meters, STA_TABLES (JSON). Raises BadInput and TokenError.
    """
    tables = read_setting(environment, "STA_TABLES", "")
    return secret_opener(
        KeyRing.from_settings(read_setting(environment, "DEVICE_KEY_SECRET")),
        vending_keys or VendingKeys(environment),
        StaTables.from_json(tables) if tables else None,
    )


@dataclass(frozen=True, slots=True)
class Rotated:
    """One page of a key rotation: how many keys were re-encrypted, the serial numbers whose key
    cannot be decrypted, and the device id after which the next page begins (None: no more)."""

    sealed: int
    unopened: tuple[str, ...]
    after: int | None


def rotate_keys(unit: Unit, ring: KeyRing, after: int, limit: int) -> Rotated:
    """Re-encrypt up to `limit` device keys, after id `after`, with the current master key."""
    page = lock_other_keys(unit.connection, ring.sealing_id, after, limit)
    fresh = {key.device_id: _reencrypt(ring, key) for key in page}
    store_keys(unit.connection, {device: sealed for device, sealed in fresh.items() if sealed})
    unopened = tuple(key.serial for key in page if fresh[key.device_id] is None)
    following = page[-1].device_id if len(page) == limit else None
    return Rotated(len(page) - len(unopened), unopened, following)


def _reencrypt(ring: KeyRing, key: SealedKey) -> bytes | None:
    place = bound_to(key.serial)
    try:
        return ring.seal(ring.open(key.sealed, place), place)
    except TokenError:
        return None


def list_keys(unit: Unit) -> dict[str, int]:
    """Return how many device keys each master key encrypts, by its id."""
    return keys_by_master(unit.connection)


def note_rotation(unit: Unit, operator: str, ring: KeyRing, sealed: int) -> dict[str, int]:
    """Write the audit row of a rotation that changed keys; returns the counts of `list_keys`."""
    if sealed:
        reason = f"device keys sealed with master key {ring.sealing_id}"
        write_audit(unit, operator, "rotate_keys", "devices", 0, reason, keys=sealed)
    return list_keys(unit)

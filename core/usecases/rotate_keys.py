"""Seal device keys with another master key, page by page, while workers go on opening them.

What is sealed with the new key already is passed over, so that a run that was stopped is simply
started again. It refuses nothing: a key that does not open stays as it is, and is named.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.db.sealed_keys import SealedKey, keys_by_master, lock_other_keys, store_keys
from core.tokens.errors import TokenError
from core.tokens.keys import KeyRing
from core.tokens.sealing import bound_to
from core.unit import Unit
from core.usecases.audit import write_audit


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

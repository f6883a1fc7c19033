"""Sealed device keys by the master key they name, for putting another master key in its place.

Nothing here opens a key; the header that names the master key is in clear (core/tokens/keys.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

# Version (1 byte), length of the id (1 byte), id.
_KEY_ID = "convert_from(substr(sealed_key, 3, get_byte(sealed_key, 1)), 'UTF8')"


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A device and its key as it is stored; its repr shows nothing of the key."""

    device_id: int
    serial: str
    sealed: bytes = field(repr=False)


def keys_by_master(connection: Connection) -> dict[str, int]:
    """How many device keys each master key seals, by its id."""
    rows = connection.execute(
        text(
            f"SELECT {_KEY_ID}, count(*) FROM devices WHERE sealed_key IS NOT NULL"
            " GROUP BY 1 ORDER BY 1"
        )
    )
    return {row[0]: row[1] for row in rows}


def lock_other_keys(connection: Connection, key_id: str, after: int, limit: int) -> list[SealedKey]:
    """The next devices whose key another master key than `key_id` seals, by id, locked."""
    rows = connection.execute(
        text(
            "SELECT id, serial, sealed_key FROM devices WHERE id > :after"
            f" AND sealed_key IS NOT NULL AND {_KEY_ID} <> :key_id"
            " ORDER BY id LIMIT :limit FOR UPDATE"
        ),
        {"after": after, "key_id": key_id, "limit": limit},
    )
    return [SealedKey(*row) for row in rows]


def read_keys(connection: Connection, after: int, limit: int) -> list[SealedKey]:
    """The next devices that have a key, by id."""
    rows = connection.execute(
        text(
            "SELECT id, serial, sealed_key FROM devices WHERE id > :after"
            " AND sealed_key IS NOT NULL ORDER BY id LIMIT :limit"
        ),
        {"after": after, "limit": limit},
    )
    return [SealedKey(*row) for row in rows]


def store_keys(connection: Connection, sealed: Mapping[int, bytes]) -> None:
    """Put these keys in place, by device id."""
    connection.execute(
        text(
            "UPDATE devices SET sealed_key = fresh.sealed"
            " FROM unnest(CAST(:ids AS bigint[]), CAST(:sealed AS bytea[])) AS fresh (id, sealed)"
            " WHERE devices.id = fresh.id"
        ),
        {"ids": list(sealed), "sealed": list(sealed.values())},
    )

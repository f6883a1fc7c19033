"""Queries for the STS vending keys that workers hold: which ones, never the keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from core.db.typed_rows import all_rows
from core.device import HeldKey


def usual_revisions(connection: Connection) -> dict[str, int]:
    """Return the key revision that most meters of each supply group are on; the lower of two."""
    rows = connection.execute(
        text(
            "SELECT sts ->> 'sgc' AS sgc, mode() WITHIN GROUP"
            " (ORDER BY CAST(sts ->> 'krn' AS integer)) AS krn"
            " FROM devices WHERE sts IS NOT NULL AND retired_on IS NULL GROUP BY 1"
        )
    )
    return {row.sgc: row.krn for row in rows}


def store_held_keys(connection: Connection, now: datetime, keys: Sequence[HeldKey]) -> None:
    """Store which keys the workers hold, in place of what was stored before."""
    connection.execute(text("LOCK TABLE vending_keys IN SHARE ROW EXCLUSIVE MODE"))
    connection.execute(text("DELETE FROM vending_keys"))
    if keys:
        connection.execute(
            text(
                "INSERT INTO vending_keys (sgc, krn, dkga, published_at)"
                " VALUES (:sgc, :krn, :dkga, :now)"
            ),
            [{**asdict(key), "now": now} for key in keys],
        )


@dataclass(frozen=True, slots=True)
class MetersOfKey:
    """Meters on one vending key: how many, how many of them customers have, and one of them."""

    sgc: str
    krn: int
    dkga: int
    meters: int
    owned: int
    example: str


def meters_by_key(connection: Connection) -> list[MetersOfKey]:
    """Return the vending keys that the meters in use need."""
    return all_rows(
        connection,
        MetersOfKey,
        "SELECT sts ->> 'sgc' AS sgc, CAST(sts ->> 'krn' AS integer) AS krn,"
        " CAST(sts ->> 'dkga' AS integer) AS dkga, count(*) AS meters,"
        " count(owner_id) AS owned, min(serial) AS example FROM devices"
        " WHERE sts IS NOT NULL AND retired_on IS NULL"
        " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    )


def held_keys(connection: Connection) -> set[HeldKey]:
    """Return the keys that workers hold."""
    return set(all_rows(connection, HeldKey, "SELECT sgc, krn, dkga FROM vending_keys"))


@dataclass(frozen=True, slots=True)
class MetersOfLife:
    """Meters whose vending key and base year end at the same time, and one of them."""

    sgc: str
    krn: int
    base: int
    ken: int
    meters: int
    example: str


def lives_of_meters(connection: Connection) -> list[MetersOfLife]:
    """Return how long the keys of the meters in use last."""
    return all_rows(
        connection,
        MetersOfLife,
        "SELECT sts ->> 'sgc' AS sgc, CAST(sts ->> 'krn' AS integer) AS krn,"
        " CAST(sts ->> 'base' AS integer) AS base, CAST(sts ->> 'ken' AS integer) AS ken,"
        " count(*) AS meters, min(serial) AS example FROM devices"
        " WHERE sts IS NOT NULL AND retired_on IS NULL"
        " GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
    )

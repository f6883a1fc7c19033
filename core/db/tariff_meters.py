"""The meters of a tariff, locked and put on another."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import Connection, text

from core.db.devices import COLUMNS, FROM, Device


def lock_meters_of_tariff(connection: Connection, tariff_id: int) -> list[Device]:
    """The meters on a tariff, in stock or with an owner, locked by id."""
    rows = connection.execute(
        text(
            f"SELECT {COLUMNS} {FROM} WHERE d.tariff_id = :id ORDER BY d.id FOR NO KEY UPDATE OF d"
        ),
        {"id": tariff_id},
    )
    return [Device(*row) for row in rows]


def put_on_tariff(
    connection: Connection, device_ids: Collection[int], tariff_id: int, on: date
) -> None:
    """Give meters another tariff; where they have an owner the access rate runs from that day."""
    connection.execute(
        text(
            "UPDATE devices SET tariff_id = :tariff, access_anchor_on ="
            " CASE WHEN owner_id IS NULL THEN NULL ELSE CAST(:on AS date) END"
            " WHERE id = ANY(:ids)"
        ),
        {"ids": list(device_ids), "tariff": tariff_id, "on": on},
    )

"""Devices with what is needed to serve them: owner, tariff, plan, token family and sealed key."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from core.plan import PAYG

COLUMNS = """
    d.id, d.serial, d.kind, d.owner_id, d.tariff_id, d.access_anchor_on, d.token_counter,
    d.initial_counter, d.starting_code, d.sealed_key, d.sts, m.token_family,
    s.id AS sale_id, s.scheme, s.price_per_day_minor, s.minimum_payment_minor
"""
FROM = """
    FROM devices d JOIN manufacturers m ON m.id = d.manufacturer_id
    LEFT JOIN sales s ON s.device_id = d.id AND s.state = 'open'
"""


@dataclass(frozen=True, slots=True)
class Device:
    """A device as the payment road sees it. `sale_id` is its open sale, if any.

    `sealed_key` can only be opened where the key ring is (workers); its repr shows nothing of it.
    """

    id: int
    serial: str
    kind: str
    owner_id: int | None
    tariff_id: int | None
    access_anchor_on: date | None
    token_counter: int
    initial_counter: int
    starting_code: int | None
    sealed_key: bytes | None
    sts: dict[str, Any] | None
    token_family: str
    sale_id: int | None
    scheme: str | None
    price_per_day_minor: int | None
    minimum_payment_minor: int | None

    def __repr__(self) -> str:
        return f"Device({self.serial})"

    @property
    def is_payg(self) -> bool:
        """Whether instalments buy days of use on it."""
        return self.kind in PAYG


def find_device(connection: Connection, serial: str) -> Device | None:
    """The device with that normalised serial."""
    return _one(connection, f"SELECT {COLUMNS} {FROM} WHERE d.serial = :key", serial)


def get_device(connection: Connection, device_id: int) -> Device:
    """The device with that id."""
    found = _one(connection, f"SELECT {COLUMNS} {FROM} WHERE d.id = :key", device_id)
    if found is None:
        raise LookupError(f"no device {device_id}")
    return found


def _one(connection: Connection, sql: str, key: object) -> Device | None:
    row = connection.execute(text(sql), {"key": key}).one_or_none()
    return None if row is None else Device(*row)


def lock_devices(
    connection: Connection, device_ids: Collection[int], customer_ids: Collection[int]
) -> dict[int, Device]:
    """Lock, in order of id, every device a payment of these customers can touch; newest state.

    That is: the devices named, the customers' meters (fees may fall due on them) and the devices
    on their open plans (their instalments may be paid).
    """
    rows = connection.execute(
        text(
            f"SELECT {COLUMNS} {FROM} WHERE d.id IN ("
            " SELECT unnest(CAST(:ids AS bigint[]))"
            " UNION SELECT id FROM devices"
            " WHERE owner_id = ANY(:customers) AND tariff_id IS NOT NULL"
            " UNION SELECT device_id FROM sales"
            " WHERE customer_id = ANY(:customers) AND state = 'open')"
            " ORDER BY d.id FOR NO KEY UPDATE OF d"
        ),
        {"ids": list(device_ids), "customers": list(customer_ids)},
    )
    return {row.id: Device(*row) for row in rows}


def lock_meters_after(connection: Connection, device_id: int, limit: int) -> list[Device]:
    """Lock the next `limit` owned meters with a tariff whose id is above `device_id`, in order."""
    rows = connection.execute(
        text(
            f"SELECT {COLUMNS} {FROM} WHERE d.id > :after"
            " AND d.owner_id IS NOT NULL AND d.tariff_id IS NOT NULL"
            " ORDER BY d.id LIMIT :limit FOR NO KEY UPDATE OF d"
        ),
        {"after": device_id, "limit": limit},
    )
    return [Device(*row) for row in rows]


def move_access_anchors(connection: Connection, anchors: dict[int, date]) -> None:
    """Store from which day each meter's next access-rate period runs."""
    connection.execute(
        text(
            "UPDATE devices d SET access_anchor_on = moved.anchor FROM"
            " unnest(CAST(:ids AS bigint[]), CAST(:anchors AS date[])) AS moved (id, anchor)"
            " WHERE d.id = moved.id"
        ),
        {"ids": list(anchors), "anchors": list(anchors.values())},
    )

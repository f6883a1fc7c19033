"""Which appliance devices are, and which appliance plans and sales take them for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from core.appliance import StoredAppliance
from core.db.appliances import COLUMNS as APPLIANCE_COLUMNS
from core.sale import RUNNING_SQL


@dataclass(frozen=True, slots=True)
class Promise:
    """An appliance that a device is promised as: by the plan set on it (`plan`, a code), or by its
    running sale (no plan). `appliance` is a name."""

    plan: str | None
    appliance_id: int
    appliance: str


_PROMISES = text(
    f"""
    SELECT d.id, p.code AS plan, p.appliance_id, a.name FROM devices d
      JOIN plan_offers p ON p.id = d.plan_offer_id JOIN appliances a ON a.id = p.appliance_id
     WHERE d.id = ANY(:ids) AND d.owner_id IS NULL
    UNION ALL
    SELECT s.device_id, NULL, s.appliance_id, a.name FROM sales s
      JOIN appliances a ON a.id = s.appliance_id
     WHERE s.device_id = ANY(:ids) AND s.state IN {RUNNING_SQL}
    """
)


def promises_of(connection: Connection, device_ids: Collection[int]) -> dict[int, list[Promise]]:
    """Return what those devices are promised as, by device id: in stock by the plan that is set,
    in use by the running sale."""
    found: dict[int, list[Promise]] = defaultdict(list)
    for row in connection.execute(_PROMISES, {"ids": list(device_ids)}):
        found[row.id].append(Promise(row.plan, row.appliance_id, row.name))
    return found


def find_product(connection: Connection, serial: str) -> StoredAppliance | None:
    """Return the appliance that the device with that serial is, where that is known."""
    joined = "JOIN devices d ON d.product_id = a.id WHERE d.serial = :key"
    return _find_appliance(connection, joined, serial)


def find_sold_product(connection: Connection, device_id: int) -> StoredAppliance | None:
    """Return the appliance that the running sale of that device sells."""
    joined = "JOIN sales s ON s.appliance_id = a.id WHERE s.device_id = :key"
    return _find_appliance(connection, f"{joined} AND s.state IN {RUNNING_SQL}", device_id)


def _find_appliance(connection: Connection, joined: str, key: object) -> StoredAppliance | None:
    sql = f"SELECT {APPLIANCE_COLUMNS} FROM appliances a {joined}"
    row = connection.execute(text(sql), {"key": key}).one_or_none()
    return None if row is None else StoredAppliance(*row)


def set_products(connection: Connection, products: Mapping[int, int | None]) -> None:
    """Set which appliance devices are, by device id; None: not known. The devices are locked."""
    connection.execute(
        text(
            "UPDATE devices d SET product_id = given.product FROM"
            " unnest(CAST(:ids AS bigint[]), CAST(:products AS bigint[])) AS given (id, product)"
            " WHERE d.id = given.id"
        ),
        {"ids": list(products), "products": list(products.values())},
    )


def kinds_without_product(connection: Connection) -> Sequence[tuple[str, int]]:
    """Return (kind, number of devices in stock without a product) of each kind that several
    appliances are of, so that an agent could sell the device as any of them."""
    rows = connection.execute(
        text(
            "SELECT d.kind, count(*) FROM devices d WHERE d.owner_id IS NULL"
            " AND d.retired_on IS NULL AND d.product_id IS NULL AND d.plan_offer_id IS NULL"
            " AND (SELECT count(*) FROM appliances a WHERE a.kind = d.kind) > 1"
            " GROUP BY d.kind ORDER BY d.kind"
        )
    )
    return [(row[0], row[1]) for row in rows]

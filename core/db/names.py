"""What things are called: appliances of sales, serials of devices."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, text


def sale_names(connection: Connection, sale_ids: Collection[int]) -> dict[int, str]:
    """The appliance's name by sale."""
    rows = connection.execute(
        text(
            "SELECT s.id, a.name FROM sales s JOIN appliances a ON a.id = s.appliance_id"
            " WHERE s.id = ANY(:ids)"
        ),
        {"ids": list(sale_ids)},
    )
    return {row[0]: row[1] for row in rows}


def serials(connection: Connection, device_ids: Collection[int]) -> dict[int, str]:
    """The serial number by device."""
    rows = connection.execute(
        text("SELECT id, serial FROM devices WHERE id = ANY(:ids)"), {"ids": list(device_ids)}
    )
    return {row[0]: row[1] for row in rows}

"""Queries for appliances: by code, and those that are for sale."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, text

from core.appliance import StoredAppliance

COLUMNS = (
    "a.code, a.name, a.kind, a.price_minor, a.initial_days, a.price_per_day_minor,"
    " a.minimum_payment_minor, a.id"
)


def appliances_by_code(
    connection: Connection, codes: Collection[str]
) -> dict[str, StoredAppliance]:
    """Return those of the appliances that exist, by code."""
    rows = connection.execute(
        text(f"SELECT {COLUMNS} FROM appliances a WHERE a.code = ANY(:codes)"),
        {"codes": list(codes)},
    )
    return {row.code: StoredAppliance(*row) for row in rows}


def appliances_for_sale(
    connection: Connection,
    kinds: Collection[str],
    by_the_day: Collection[str],
    serial: str | None = None,
) -> list[StoredAppliance]:
    """Return the appliances of these kinds that have a price, or a price per day and a kind in
    `by_the_day`; by name. Only the one that the device with that serial is, where that is known."""
    rows = connection.execute(
        text(
            f"SELECT {COLUMNS} FROM appliances a WHERE a.kind = ANY(:kinds) AND (a.price_minor > 0"
            " OR (a.price_per_day_minor > 0 AND a.kind = ANY(:by_the_day)))"
            " AND a.id = coalesce((SELECT product_id FROM devices WHERE serial = :serial), a.id)"
            " ORDER BY a.name"
        ),
        {"kinds": list(kinds), "by_the_day": list(by_the_day), "serial": serial},
    )
    return [StoredAppliance(*row) for row in rows]


def name_of_appliance(connection: Connection, appliance_id: int | None) -> str | None:
    """Return the name of the appliance with that id; None for None."""
    return connection.execute(
        text("SELECT name FROM appliances WHERE id = :id"), {"id": appliance_id}
    ).scalar_one_or_none()

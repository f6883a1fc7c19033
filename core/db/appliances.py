"""Appliances by code."""

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

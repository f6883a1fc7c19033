"""What of the catalogue the books already rest on, and so cannot change under them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text


def has_payments(connection: Connection) -> bool:
    """Whether any payment was ever booked."""
    return bool(connection.execute(text("SELECT EXISTS (SELECT FROM payments)")).scalar_one())


def families_in_use(connection: Connection, codes: Sequence[str]) -> dict[str, str]:
    """Token family by manufacturer code, for makers that have devices with keys or meter data."""
    rows = connection.execute(
        text(
            "SELECT m.code, m.token_family FROM manufacturers m WHERE m.code = ANY(:codes)"
            " AND EXISTS (SELECT FROM devices d WHERE d.manufacturer_id = m.id"
            " AND (d.sealed_key IS NOT NULL OR d.sts IS NOT NULL))"
        ),
        {"codes": list(codes)},
    )
    return {row.code: row.token_family for row in rows}


def kinds_in_use(connection: Connection, codes: Sequence[str]) -> dict[str, set[str]]:
    """The kinds of registered devices, by manufacturer code."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT m.code, d.kind FROM manufacturers m"
            " JOIN devices d ON d.manufacturer_id = m.id WHERE m.code = ANY(:codes)"
        ),
        {"codes": list(codes)},
    )
    kinds: dict[str, set[str]] = {}
    for row in rows:
        kinds.setdefault(row.code, set()).add(row.kind)
    return kinds


def appliances_sold(connection: Connection, codes: Sequence[str]) -> dict[str, str]:
    """Kind by code, of the appliances that have been sold."""
    rows = connection.execute(
        text(
            "SELECT a.code, a.kind FROM appliances a WHERE a.code = ANY(:codes)"
            " AND EXISTS (SELECT FROM sales s WHERE s.appliance_id = a.id)"
        ),
        {"codes": list(codes)},
    )
    return {row.code: row.kind for row in rows}

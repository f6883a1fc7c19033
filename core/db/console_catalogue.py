"""The catalogue for the console: tariffs, appliances, makers, villages; what forms offer of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, text

from core.db.console_lists import Query

_TABLES = ("villages", "manufacturers", "tariffs", "appliances", "plan_offers")


def _counted(table: str, column: str) -> str:
    """How many rows lead to each, counted in one go: the list is short, what it counts is not."""
    return f"LEFT JOIN (SELECT {column} AS id, count(*) AS n FROM {table} GROUP BY 1) n USING (id)"


VILLAGES = Query(
    "v.id, v.code, v.name, coalesce(n.n, 0) AS customers",
    f"villages v {_counted('customers', 'village_id')}",
    key="v.code",
    by_number=False,
)
MANUFACTURERS = Query(
    "m.id, m.code, m.name, array_to_string(m.kinds, ' ') AS kinds, m.token_family,"
    " coalesce(n.n, 0) AS devices",
    f"manufacturers m {_counted('devices', 'manufacturer_id')}",
    key="m.code",
    by_number=False,
)
TARIFFS = Query(
    "t.id, t.code, t.name, v.valid_from, v.price_per_kwh_minor, v.access_rate_minor,"
    " v.access_every_days, v.minimum_purchase_minor, coalesce(n.n, 0) AS meters,"
    " (SELECT min(l.valid_from) FROM tariff_versions l WHERE l.tariff_id = t.id"
    " AND l.valid_from > :today) AS changes_on",
    f"tariffs t {_counted('devices', 'tariff_id')}"
    " LEFT JOIN LATERAL (SELECT * FROM tariff_versions i WHERE i.tariff_id = t.id"
    " AND i.valid_from <= :today ORDER BY i.valid_from DESC LIMIT 1) v ON true",
    key="t.code",
    by_number=False,
)
APPLIANCES = Query(
    "a.id, a.code, a.name, a.kind, a.price_minor, a.initial_days, a.price_per_day_minor,"
    " a.minimum_payment_minor, coalesce(n.n, 0) AS sold",
    f"appliances a {_counted('sales', 'appliance_id')}",
    key="a.code",
    by_number=False,
)
PLANS = Query(
    "p.id, p.code, p.name, a.name AS appliance, p.scheme, p.count, p.instalment_minor,"
    " CASE WHEN p.scheme <> 'service' THEN p.cadence END AS cadence, p.down_payment_minor,"
    " coalesce(n.n, 0) AS devices",
    f"plan_offers p {_counted('devices', 'plan_offer_id')}"
    " JOIN appliances a ON a.id = p.appliance_id",
    key="p.code",
    by_number=False,
)


def find_in_catalogue(connection: Connection, table: str, row_id: int) -> Row[Any] | None:
    """A row of the catalogue, whole."""
    return connection.execute(
        text(f"SELECT * FROM {_known(table)} WHERE id = :id"), {"id": row_id}
    ).one_or_none()


def meters_on(connection: Connection, tariff_id: int) -> int:
    """How many meters are on a tariff."""
    count: int = connection.execute(
        text("SELECT count(*) FROM devices WHERE tariff_id = :id"), {"id": tariff_id}
    ).scalar_one()
    return count


def tariffs_of(connection: Connection, customer_id: int) -> list[tuple[int, str]]:
    """(id, name) of the tariffs of a customer's meters, each once."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT t.id, t.name FROM devices d JOIN tariffs t ON t.id = d.tariff_id"
            " WHERE d.owner_id = :id ORDER BY t.id"
        ),
        {"id": customer_id},
    )
    return [(row[0], row[1]) for row in rows]


def codes_of(connection: Connection, table: str) -> list[tuple[str, str]]:
    """(code, name) of everything in a table of the catalogue, by name."""
    rows = connection.execute(text(f"SELECT code, name FROM {_known(table)} ORDER BY name, code"))
    return [(row[0], row[1]) for row in rows]


def _known(table: str) -> str:
    if table not in _TABLES:
        raise LookupError(table)
    return table

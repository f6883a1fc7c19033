"""The catalogue for the console: its lists, one entry of each, and the choices of forms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from core.appliance import Appliance, ApplianceKind
from core.catalogue import Manufacturer, Village
from core.db.console.listing import Query
from core.db.typed_rows import row_or_none
from core.plan import Cadence, Scheme

_TABLES = ("villages", "manufacturers", "tariffs", "appliances", "plan_offers")


def _count_by(table: str, column: str) -> str:
    """Count the rows that refer to each entry in one pass: there are few entries and many rows."""
    return f"LEFT JOIN (SELECT {column} AS id, count(*) AS n FROM {table} GROUP BY 1) n USING (id)"


@dataclass(frozen=True, slots=True)
class VillageRow:
    """A village of the list, with the number of customers who live there."""

    id: int
    code: str
    name: str
    customers: int


VILLAGES = Query(
    VillageRow,
    "v.id, v.code, v.name, coalesce(n.n, 0) AS customers",
    f"villages v {_count_by('customers', 'village_id')}",
    key="v.code",
    by_number=False,
)


@dataclass(frozen=True, slots=True)
class ManufacturerRow:
    """A manufacturer of the list, with the number of its devices. `kinds` has spaces between."""

    id: int
    code: str
    name: str
    kinds: str
    token_family: str
    devices: int


MANUFACTURERS = Query(
    ManufacturerRow,
    "m.id, m.code, m.name, array_to_string(m.kinds, ' ') AS kinds, m.token_family,"
    " coalesce(n.n, 0) AS devices",
    f"manufacturers m {_count_by('devices', 'manufacturer_id')}",
    key="m.code",
    by_number=False,
)


@dataclass(frozen=True, slots=True)
class TariffRow:
    """A tariff of the list with the prices in force today, None before the first of them.

    `changes_on` is the day on which the next prices begin, `meters` the number of its meters.
    """

    id: int
    code: str
    name: str
    valid_from: date | None
    price_per_kwh_thousandths: int | None
    access_rate_minor: int | None
    access_every_days: int | None
    minimum_purchase_minor: int | None
    meters: int
    changes_on: date | None


TARIFFS = Query(
    TariffRow,
    "t.id, t.code, t.name, v.valid_from, v.price_per_kwh_thousandths, v.access_rate_minor,"
    " v.access_every_days, v.minimum_purchase_minor, coalesce(n.n, 0) AS meters,"
    " (SELECT min(l.valid_from) FROM tariff_versions l WHERE l.tariff_id = t.id"
    " AND l.valid_from > :today) AS changes_on",
    f"tariffs t {_count_by('devices', 'tariff_id')}"
    " LEFT JOIN LATERAL (SELECT * FROM tariff_versions i WHERE i.tariff_id = t.id"
    " AND i.valid_from <= :today ORDER BY i.valid_from DESC LIMIT 1) v ON true",
    key="t.code",
    by_number=False,
)


@dataclass(frozen=True, slots=True)
class WaterfallRow:
    """An order of payment, valid from a day on; its steps and its lifeline in words."""

    valid_from: date
    steps: str
    lifeline: str | None


WATERFALLS = Query(
    WaterfallRow,
    "w.valid_from, replace(array_to_string(w.steps, ', '), '_', ' ') AS steps,"
    " w.lifeline_percent || ' %' AS lifeline",
    "waterfalls w",
    key="w.id",
)


@dataclass(frozen=True, slots=True)
class ApplianceRow:
    """An appliance of the list, with the number of its sales."""

    id: int
    code: str
    name: str
    kind: ApplianceKind
    price_minor: int
    initial_days: int
    price_per_day_minor: int | None
    minimum_payment_minor: int
    sold: int


APPLIANCES = Query(
    ApplianceRow,
    "a.id, a.code, a.name, a.kind, a.price_minor, a.initial_days, a.price_per_day_minor,"
    " a.minimum_payment_minor, coalesce(n.n, 0) AS sold",
    f"appliances a {_count_by('sales', 'appliance_id')}",
    key="a.code",
    by_number=False,
)


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan of the list. `cadence` is None for a sale by the day, `devices` counts the devices in
    stock on which the plan is set."""

    id: int
    code: str
    name: str
    appliance: str
    scheme: Scheme
    count: int | None
    instalment_minor: int | None
    cadence: Cadence | None
    down_payment_minor: int
    devices: int


PLANS = Query(
    PlanRow,
    "p.id, p.code, p.name, a.name AS appliance, p.scheme, p.count, p.instalment_minor,"
    " CASE WHEN p.scheme <> 'service' THEN p.cadence END AS cadence, p.down_payment_minor,"
    " coalesce(n.n, 0) AS devices",
    f"plan_offers p {_count_by('devices', 'plan_offer_id')}"
    " JOIN appliances a ON a.id = p.appliance_id",
    key="p.code",
    by_number=False,
)


def find_village(connection: Connection, village_id: int) -> Village | None:
    """Return the village with that id."""
    return row_or_none(
        connection, Village, "SELECT code, name FROM villages WHERE id = :id", id=village_id
    )


def find_manufacturer(connection: Connection, manufacturer_id: int) -> Manufacturer | None:
    """Return the manufacturer with that id."""
    return row_or_none(
        connection,
        Manufacturer,
        "SELECT code, name, kinds, token_family, sts, account FROM manufacturers WHERE id = :id",
        id=manufacturer_id,
    )


def find_appliance(connection: Connection, appliance_id: int) -> Appliance | None:
    """Return the appliance with that id."""
    return row_or_none(
        connection,
        Appliance,
        "SELECT code, name, kind, price_minor, initial_days, price_per_day_minor,"
        " minimum_payment_minor FROM appliances WHERE id = :id",
        id=appliance_id,
    )


@dataclass(frozen=True, slots=True)
class TariffName:
    """A tariff without its prices."""

    id: int
    code: str
    name: str


def find_tariff(connection: Connection, tariff_id: int) -> TariffName | None:
    """Return the tariff with that id."""
    return row_or_none(
        connection, TariffName, "SELECT id, code, name FROM tariffs WHERE id = :id", id=tariff_id
    )


def find_plan_code(connection: Connection, plan_id: int) -> str | None:
    """Return the code of the plan with that id."""
    code: str | None = connection.execute(
        text("SELECT code FROM plan_offers WHERE id = :id"), {"id": plan_id}
    ).scalar_one_or_none()
    return code


def meters_on(connection: Connection, tariff_id: int) -> int:
    """Return the number of meters with that tariff."""
    count: int = connection.execute(
        text("SELECT count(*) FROM devices WHERE tariff_id = :id"), {"id": tariff_id}
    ).scalar_one()
    return count


def tariffs_of(connection: Connection, customer_id: int) -> list[tuple[int, str]]:
    """Return (id, name) of each tariff that a meter of the customer has."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT t.id, t.name FROM devices d JOIN tariffs t ON t.id = d.tariff_id"
            " WHERE d.owner_id = :id ORDER BY t.id"
        ),
        {"id": customer_id},
    )
    return [(row[0], row[1]) for row in rows]


def codes_of(connection: Connection, table: str) -> list[tuple[str, str]]:
    """Return (code, name) of every row of a catalogue table, sorted by name. Raises LookupError for
    another table."""
    if table not in _TABLES:
        raise LookupError(table)
    rows = connection.execute(text(f"SELECT code, name FROM {table} ORDER BY name, code"))
    return [(row[0], row[1]) for row in rows]

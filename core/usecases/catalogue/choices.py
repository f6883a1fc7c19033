"""What agents and customers can choose from: villages, manufacturers, tariffs, appliances."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from core.appliance import StoredAppliance
from core.db.agents import find_agent
from core.db.appliances import appliances_by_code
from core.errors import Refused
from core.money import Money
from core.plan import PAYG
from core.unit import Unit


@dataclass(frozen=True, slots=True)
class Village:
    village: str
    name: str


@dataclass(frozen=True, slots=True)
class Manufacturer:
    manufacturer: str
    name: str


@dataclass(frozen=True, slots=True)
class TariffOffer:
    tariff: str
    name: str
    price: Money


@dataclass(frozen=True, slots=True)
class ApplianceOffer:
    """An appliance for sale. `price` is zero where it is sold by the day only, `per_day` where it
    never is.
    """

    appliance: str
    name: str
    price: Money
    per_day: Money


def list_villages(unit: Unit, agent: str | None = None) -> list[Village]:
    """Return the villages by name; for an agent (by number) only those the agent serves."""
    found = agent and find_agent(unit.connection, agent)
    rows = unit.connection.execute(
        text(
            "SELECT code, name FROM villages WHERE cardinality(CAST(:only AS text[])) = 0"
            " OR code = ANY(:only) ORDER BY name"
        ),
        {"only": found.villages if found else []},
    )
    return [Village(*row) for row in rows]


def find_village(unit: Unit, typed: str, agent: str | None = None) -> str:
    """Return the code of the village that was typed, in any case.

    Raises Refused("village_unknown").
    """
    codes = [village.village for village in list_villages(unit, agent)]
    for code in codes:
        if code.lower() == typed.lower():
            return code
    raise Refused("village_unknown", typed=typed)


def list_manufacturers(unit: Unit, kind: str) -> list[Manufacturer]:
    """Return the manufacturers of that kind of device."""
    rows = unit.connection.execute(
        text("SELECT code, name FROM manufacturers WHERE :kind = ANY(kinds) ORDER BY name"),
        {"kind": kind},
    )
    return [Manufacturer(*row) for row in rows]


def list_tariffs(unit: Unit) -> list[TariffOffer]:
    """Return the tariffs that have begun, with today's price per kWh."""
    rows = unit.connection.execute(
        text(
            "SELECT code, name, (SELECT v.price_per_kwh_minor FROM tariff_versions v"
            " WHERE v.tariff_id = t.id AND v.valid_from <= :today"
            " ORDER BY v.valid_from DESC LIMIT 1) AS price_minor FROM tariffs t ORDER BY name"
        ),
        {"today": unit.today},
    )
    currency = unit.market.currency
    return [TariffOffer(row[0], row[1], Money(row[2], currency)) for row in rows if row[2]]


def list_appliances(unit: Unit, kinds: tuple[str, ...]) -> list[ApplianceOffer]:
    """Return the appliances of these kinds that are sold on plans or by the day."""
    rows = unit.connection.execute(
        text(
            "SELECT code, name, price_minor, coalesce(price_per_day_minor, 0) AS per_day_minor"
            " FROM appliances WHERE kind = ANY(:kinds)"
            " AND (price_minor > 0 OR (price_per_day_minor > 0 AND kind = ANY(:payg)))"
            " ORDER BY name"
        ),
        {"kinds": list(kinds), "payg": list(PAYG)},
    )
    currency = unit.market.currency
    return [
        ApplianceOffer(code, name, Money(price, currency), Money(per_day, currency))
        for code, name, price, per_day in rows
    ]


def get_appliance(unit: Unit, appliance: str) -> StoredAppliance:
    """Return the appliance with that code. Raises Refused("appliance_unknown")."""
    found = appliances_by_code(unit.connection, [appliance]).get(appliance)
    if found is None:
        raise Refused("appliance_unknown", appliance=appliance)
    return found

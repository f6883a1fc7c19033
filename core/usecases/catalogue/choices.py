"""What agents and customers can choose from: villages, manufacturers, tariffs, appliances."""

from __future__ import annotations

from dataclasses import dataclass

from core.appliance import StoredAppliance
from core.db.agents import find_agent
from core.db.appliances import appliances_by_code, appliances_for_sale
from core.db.registration import manufacturers_of_kind, villages_served
from core.db.tariffs import prices_per_kwh
from core.errors import Refused
from core.money import Money, UnitPrice
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
    price: UnitPrice


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
    only = found.villages if found else []
    return [Village(code, name) for code, name in villages_served(unit.connection, only)]


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
    return [Manufacturer(code, name) for code, name in manufacturers_of_kind(unit.connection, kind)]


def list_tariffs(unit: Unit) -> list[TariffOffer]:
    """Return the tariffs that have begun, with today's price per kWh."""
    currency = unit.market.currency
    return [
        TariffOffer(code, name, UnitPrice(thousandths, currency))
        for code, name, thousandths in prices_per_kwh(unit.connection, unit.today)
    ]


def list_appliances(
    unit: Unit, kinds: tuple[str, ...], serial: str | None = None
) -> list[ApplianceOffer]:
    """Return the appliances of these kinds that are sold on plans or by the day; for a device only
    the one that it is, where the operator said which."""
    currency = unit.market.currency
    return [
        ApplianceOffer(
            appliance.code,
            appliance.name,
            Money(appliance.price_minor, currency),
            Money(appliance.price_per_day_minor or 0, currency),
        )
        for appliance in appliances_for_sale(unit.connection, kinds, PAYG, serial)
    ]


def get_appliance(unit: Unit, appliance: str) -> StoredAppliance:
    """Return the appliance with that code. Raises Refused("appliance_unknown")."""
    found = appliances_by_code(unit.connection, [appliance]).get(appliance)
    if found is None:
        raise Refused("appliance_unknown", appliance=appliance)
    return found

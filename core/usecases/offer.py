"""What an agent can choose from: villages, makers, tariffs, appliances; a plan before its sale."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import text

from core.db.agents import find_agent
from core.db.by_key import Values, rows_by_key
from core.db.rows.goods import appliances
from core.errors import Refused
from core.money import Money
from core.plan import PAYG, PlanTerms, make_plan
from core.unit import Unit


@dataclass(frozen=True, slots=True)
class Village:
    village: str
    name: str


@dataclass(frozen=True, slots=True)
class Maker:
    maker: str
    name: str


@dataclass(frozen=True, slots=True)
class TariffOffer:
    tariff: str
    name: str
    price: Money


@dataclass(frozen=True, slots=True)
class ApplianceOffer:
    """`price` is nothing where it is only sold by the day, `per_day` where it never is."""

    appliance: str
    name: str
    price: Money
    per_day: Money


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed for an appliance. `figure`: how many instalments (scheme count), how much each
    (amount), or 0: use by the day (service), which has no instalments and no down payment."""

    appliance: str
    scheme: str
    figure: int | Money
    cadence: str
    down: int | Money


@dataclass(frozen=True, slots=True)
class PlanOffer:
    """The instalments of a plan: how many, how much, how much the last, when the first."""

    parts: int
    each: Money
    last: Money
    first_on: date
    down_payment: Money


@dataclass(frozen=True, slots=True)
class ServiceOffer:
    """Use by the day: what a day costs, and the least that buys any."""

    per_day: Money
    least: Money


def figures_of(offered: PlanOffer | ServiceOffer) -> dict[str, Any]:
    """The figures by name, for whoever tells them further."""
    return {one.name: getattr(offered, one.name) for one in fields(offered)}


def list_villages(unit: Unit, agent: str | None = None) -> list[Village]:
    """The villages by name; those of an agent (by number) who serves only some."""
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
    """The code of one of those villages as somebody typed it, in any case.

    Raises Refused("village_unknown").
    """
    codes = [one.village for one in list_villages(unit, agent)]
    for code in codes:
        if code.lower() == typed.lower():
            return code
    raise Refused("village_unknown", typed=typed)


def list_makers(unit: Unit, kind: str) -> list[Maker]:
    """The manufacturers of that kind of device."""
    rows = unit.connection.execute(
        text("SELECT code, name FROM manufacturers WHERE :kind = ANY(kinds) ORDER BY name"),
        {"kind": kind},
    )
    return [Maker(*row) for row in rows]


def list_tariffs(unit: Unit) -> list[TariffOffer]:
    """The tariffs that have begun, with their price for a kWh today."""
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
    """Appliances of these kinds that are sold on plans or by the day."""
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


def find_appliance(unit: Unit, appliance: str) -> Values:
    """The row of an appliance. Raises Refused("appliance_unknown")."""
    found = rows_by_key(unit.connection, appliances, "code", [appliance]).get(appliance)
    if found is None:
        raise Refused("appliance_unknown", appliance=appliance)
    return found


def kind_of(unit: Unit, appliance: str) -> str:
    """The kind of an appliance. Raises Refused("appliance_unknown")."""
    kind: str = find_appliance(unit, appliance)["kind"]
    return kind


def offer_plan(
    unit: Unit, appliance: str, scheme: str, figure: int | Money, cadence: str, down: int | Money
) -> PlanOffer:
    """The plan as it would be sold today. Raises Refused plan_* with the reason.

    `figure` is how many instalments (count) or how much each (amount).
    """
    found = find_appliance(unit, appliance)
    down_minor = minor_of(down)
    plan = make_plan(
        PlanTerms(
            total_minor=found["price_minor"],
            down_payment_minor=down_minor,
            cadence=cadence,
            sold_on=unit.today,
            count=figure if isinstance(figure, int) else None,
            instalment_minor=figure.minor if isinstance(figure, Money) else None,
        ),
        unit.market.cash_unit_minor,
    )
    parts = [part for part in plan if part.number]
    if not parts:
        raise Refused("plan_count", most=0)
    currency = unit.market.currency
    return PlanOffer(
        len(parts),
        Money(parts[0].amount_minor, currency),
        Money(parts[-1].amount_minor, currency),
        parts[0].due_on,
        Money(down_minor, currency),
    )


def offer_service(unit: Unit, appliance: str) -> ServiceOffer:
    """Use by the day. Raises Refused("service_price") for what is not sold so."""
    found = find_appliance(unit, appliance)
    per_day_minor = found["price_per_day_minor"]
    if not per_day_minor:
        raise Refused("service_price", appliance=appliance)
    least_minor = max(found["minimum_payment_minor"], per_day_minor)
    currency = unit.market.currency
    return ServiceOffer(Money(per_day_minor, currency), Money(least_minor, currency))


def offer_terms(unit: Unit, terms: Terms) -> PlanOffer | ServiceOffer:
    """What these terms come to today. Raises Refused like `offer_plan` and `offer_service`."""
    if terms.scheme == "service":
        return offer_service(unit, terms.appliance)
    return offer_plan(unit, terms.appliance, terms.scheme, terms.figure, terms.cadence, terms.down)


def minor_of(amount: int | Money) -> int:
    """Minor units of an amount, or of none (0)."""
    return amount.minor if isinstance(amount, Money) else amount

"""What an agent can choose from: villages, makers, tariffs, appliances; a plan before its sale."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text

from core.db.agents import find_agent
from core.db.by_key import rows_by_key
from core.db.rows.goods import appliances
from core.errors import Refused
from core.money import Money
from core.plan import PlanTerms, make_plan
from core.unit import Unit

PAYG = ("shs", "e_bike")


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
    appliance: str
    name: str
    price: Money


@dataclass(frozen=True, slots=True)
class PlanOffer:
    """The instalments of a plan: how many, how much, how much the last, when the first."""

    parts: int
    each: Money
    last: Money
    first_on: date
    down_payment: Money


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
    """Appliances of these kinds that are sold on plans."""
    rows = unit.connection.execute(
        text(
            "SELECT code, name, price_minor FROM appliances"
            " WHERE kind = ANY(:kinds) AND price_minor > 0 ORDER BY name"
        ),
        {"kinds": list(kinds)},
    )
    return [ApplianceOffer(row[0], row[1], Money(row[2], unit.market.currency)) for row in rows]


def kind_of(unit: Unit, appliance: str) -> str:
    """The kind of an appliance. Raises Refused("appliance_unknown")."""
    found = rows_by_key(unit.connection, appliances, "code", [appliance]).get(appliance)
    if found is None:
        raise Refused("appliance_unknown", appliance=appliance)
    kind: str = found["kind"]
    return kind


def offer_plan(
    unit: Unit, appliance: str, scheme: str, figure: int | Money, cadence: str, down: int | Money
) -> PlanOffer:
    """The plan as it would be sold today. Raises Refused plan_* with the reason.

    `figure` is how many instalments (count) or how much each (amount).
    """
    found = rows_by_key(unit.connection, appliances, "code", [appliance]).get(appliance)
    if found is None:
        raise Refused("appliance_unknown", appliance=appliance)
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


def minor_of(amount: int | Money) -> int:
    """Minor units of an amount, or of none (0)."""
    return amount.minor if isinstance(amount, Money) else amount

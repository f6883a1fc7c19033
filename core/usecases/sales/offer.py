"""What an agent can choose from: villages, makers, tariffs, appliances; a plan before its sale."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from core.errors import Refused
from core.money import Money
from core.plan import PlanTerms, make_plan
from core.unit import Unit
from core.usecases.catalogue.choices import (
    find_appliance,
)


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
    return {field.name: getattr(offered, field.name) for field in fields(offered)}


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

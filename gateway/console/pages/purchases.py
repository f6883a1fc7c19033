"""What money buys under a tariff, by the rule that payments follow: for whoever sets its prices,
and for whoever is asked at the desk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice

from core.db.console.catalogue import tariffs_of
from core.db.tariffs import tariff_versions
from core.market import Market
from core.tariff import TariffVersion, energy_for, version_on
from core.unit import Unit
from gateway.console.formatting import money, token_units

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Purchase:
    """What a payment gives once nothing is owed; the rest stays as credit."""

    paid_minor: int
    tenths_kwh: int
    credit_minor: int


def purchase(version: TariffVersion, paid_minor: int) -> Purchase:
    """What so much money gives."""
    tenths, cost = energy_for(paid_minor, version)
    return Purchase(paid_minor, tenths, paid_minor - cost)


def usual_purchases(version: TariffVersion, market: Market) -> list[Purchase]:
    """A few round payments (1, 2 or 5 and noughts), from the first that buys a kWh on; before them
    the least that is sold, where there is such a thing."""
    first = max(version.price_per_kwh_minor, version.minimum_purchase_minor)
    amounts = list(islice(_round(market.cash_unit_minor, first), _SHOWN))
    least = version.minimum_purchase_minor
    if least and least < amounts[0]:
        amounts.insert(0, least)
    return [purchase(version, one) for one in amounts]


def _round(step_minor: int, first_minor: int) -> Iterator[int]:
    for power in count():
        for figure in (1, 2, 5):
            amount = figure * 10**power * step_minor
            if amount >= first_minor:
                yield amount


def lines_for(unit: Unit, customer_id: int) -> list[str]:
    """What a few payments give on the customer's meters, once nothing is owed."""
    tariffs = tariffs_of(unit.connection, customer_id)
    versions = tariff_versions(unit.connection, [one for one, _ in tariffs])
    lines = []
    for tariff_id, name in tariffs:
        in_force = version_on(versions.get(tariff_id, []), unit.today)
        if in_force is not None:
            describe_token = usual_purchases(in_force, unit.market)[:3]
            lines += [f"{name}: {line}" for line in purchase_lines(describe_token, unit.market)]
    return lines


def purchase_lines(purchases: Sequence[Purchase], market: Market) -> list[str]:
    """Each in a line: `KES 500.00 gives 20.0 kWh`."""
    return [_line(one, market) for one in purchases]


def _line(one: Purchase, market: Market) -> str:
    paid, credit = money(one.paid_minor, market), money(one.credit_minor, market)
    if not one.tenths_kwh:
        return f"{paid} gives no energy yet: it stays as credit"
    gives = f"{paid} gives {token_units('energy', one.tenths_kwh)}"
    return f"{gives}, {credit} stays as credit" if one.credit_minor else gives

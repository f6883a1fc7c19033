"""What a payment buys under a tariff, by the same rule as real payments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice

from core.db.console.catalogue import tariffs_of
from core.db.tariffs import tariff_versions
from core.market import Market
from core.tariff import TariffVersion, energy_cost, energy_for, version_on
from core.unit import Unit
from gateway.console.formatting import money, token_units

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Purchase:
    """The energy that a payment buys if the customer has no debts. The rest becomes credit."""

    paid_minor: int
    tenths_kwh: int
    credit_minor: int


def purchase(version: TariffVersion, paid_minor: int) -> Purchase:
    """Return what a payment of that many minor units buys."""
    tenths, cost = energy_for(paid_minor, version)
    return Purchase(paid_minor, tenths, paid_minor - cost)


def usual_purchases(version: TariffVersion, market: Market) -> list[Purchase]:
    """Return five round payments (100, 200, 500, 1000, ...), the first of which buys a kWh.

    The minimum purchase of the tariff, if there is one, comes before them.
    """
    first = max(energy_cost(10, version), version.minimum_purchase_minor)
    amounts = list(islice(_round_amounts(market.cash_unit_minor, first), _SHOWN))
    minimum = version.minimum_purchase_minor
    if minimum and minimum < amounts[0]:
        amounts.insert(0, minimum)
    return [purchase(version, amount) for amount in amounts]


def _round_amounts(step_minor: int, first_minor: int) -> Iterator[int]:
    for power in count():
        for digit in (1, 2, 5):
            amount = digit * 10**power * step_minor
            if amount >= first_minor:
                yield amount


def purchases_of_customer(unit: Unit, customer_id: int) -> list[str]:
    """Return what some payments would buy on each tariff of the customer's meters, in lines."""
    tariffs = tariffs_of(unit.connection, customer_id)
    versions = tariff_versions(unit.connection, [tariff_id for tariff_id, _ in tariffs])
    lines = []
    for tariff_id, name in tariffs:
        in_force = version_on(versions.get(tariff_id, []), unit.today)
        if in_force is not None:
            purchases = usual_purchases(in_force, unit.market)[:3]
            lines += [f"{name}: {line}" for line in purchase_lines(purchases, unit.market)]
    return lines


def purchase_lines(purchases: Sequence[Purchase], market: Market) -> list[str]:
    """Return each purchase as a line: `KES 500.00 buys 20.0 kWh`."""
    return [_describe_purchase(purchase, market) for purchase in purchases]


def _describe_purchase(purchase: Purchase, market: Market) -> str:
    paid, credit = money(purchase.paid_minor, market), money(purchase.credit_minor, market)
    if not purchase.tenths_kwh:
        return f"{paid} buys no energy yet and becomes credit"
    energy = f"{paid} buys {token_units('energy', purchase.tenths_kwh)}"
    return f"{energy}, {credit} becomes credit" if purchase.credit_minor else energy

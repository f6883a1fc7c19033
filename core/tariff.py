"""Tariffs: the version in force on a day, energy for money, access-rate fees as they fall due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

_PARTS = 10 * 1000  # tenths of a kWh, and thousandths of a minor unit


@dataclass(frozen=True, slots=True)
class TariffVersion:
    """Prices in force from `valid_from` until the next version's day: of a kWh in thousandths of a
    minor unit, all others in minor units."""

    valid_from: date
    price_per_kwh_thousandths: int
    access_rate_minor: int = 0
    access_every_days: int | None = None
    minimum_purchase_minor: int = 0


@dataclass(frozen=True, slots=True)
class AccessFee:
    """A fee that fell due."""

    due_on: date
    amount_minor: int


def version_on(versions: Sequence[TariffVersion], on: date) -> TariffVersion | None:
    """The version in force on that day, of versions ordered by date; None before the first."""
    in_force = None
    for version in versions:
        if version.valid_from > on:
            break
        in_force = version
    return in_force


def version_for_payment(
    versions: Sequence[TariffVersion], paid_on: date, today: date
) -> TariffVersion | None:
    """The version whose prices count for a payment of that day: the one in force then. What was
    paid before the first version, when there was no price to quote, buys at the first, once that
    has begun."""
    if versions and versions[0].valid_from <= today:
        paid_on = max(paid_on, versions[0].valid_from)
    return version_on(versions, paid_on)


def energy_for(money_minor: int, version: TariffVersion) -> tuple[int, int]:
    """Tenths of a kWh that the money buys, rounded down, and what they cost.

    Below the minimum purchase nothing is sold. The cost is rounded up to the minor unit, so a
    tenth is never sold below its price: 555 at 100 per kWh -> 55 tenths for 550, and at 796.4
    per kWh -> 6 tenths for 478.
    """
    if money_minor < version.minimum_purchase_minor:
        return 0, 0
    tenths = money_minor * _PARTS // version.price_per_kwh_thousandths
    return tenths, energy_cost(tenths, version)


def energy_cost(tenths_kwh: int, version: TariffVersion) -> int:
    """What so many tenths of a kWh cost, rounded up to the minor unit."""
    return -(-tenths_kwh * version.price_per_kwh_thousandths // _PARTS)


def fees_due(
    versions: Sequence[TariffVersion], anchor_on: date, until: date
) -> tuple[list[AccessFee], date]:
    """The fees that fall due after `anchor_on` up to and including `until`, and the new anchor.

    The first is due one period after the anchor (the day the tariff was put on the meter, or the
    last fee); running it again from the new anchor gives nothing twice and misses nothing. A
    period has the length of the version in force when it starts, a fee the amount of the version
    in force when it falls due.
    """
    fees: list[AccessFee] = []
    while (due_on := _next_due(versions, anchor_on)) is not None and due_on <= until:
        version = version_on(versions, due_on)
        if version is not None and version.access_rate_minor:
            fees.append(AccessFee(due_on, version.access_rate_minor))
        anchor_on = due_on
    return fees, anchor_on


def _next_due(versions: Sequence[TariffVersion], anchor_on: date) -> date | None:
    current = version_on(versions, anchor_on)
    if current is not None and current.access_every_days:
        return anchor_on + timedelta(days=current.access_every_days)
    for version in versions:
        if version.valid_from > anchor_on and version.access_every_days:
            return version.valid_from + timedelta(days=version.access_every_days)
    return None

"""Appliances: what the operator sells, on a payment plan or by the day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# `other` (a pump, a cooker, a TV) has no serial number.
ApplianceKind = Literal["meter", "shs", "e_bike", "other"]


@dataclass(frozen=True, slots=True)
class Appliance:
    """An appliance as the catalogue describes it. Amounts are minor units.

    `initial_days`: what the down payment buys on a device that works by the day.
    `price_per_day_minor` is set where the appliance can be used by the day.
    """

    code: str
    name: str
    kind: str
    price_minor: int
    initial_days: int
    price_per_day_minor: int | None
    minimum_payment_minor: int


@dataclass(frozen=True, slots=True)
class StoredAppliance(Appliance):
    """An appliance with the id of its row."""

    id: int

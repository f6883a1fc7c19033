"""Sales: an appliance sold to a customer on a payment plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from core.device import DeviceKind
from core.plan import Cadence, Instalment, Scheme

SaleState = Literal["open", "complete", "cancelled"]


@dataclass(frozen=True, slots=True)
class KnownSale:
    """A stored sale as it was agreed, before any change of its price and plan."""

    reference: str | None
    customer_id: int
    appliance: str
    device_id: int | None
    scheme: Scheme
    total_minor: int
    sold_on: date
    plan: tuple[Instalment, ...]

    @property
    def facts(self) -> tuple[object, ...]:
        """What tells two sales without a reference apart, besides their totals."""
        return (self.customer_id, self.appliance, self.device_id, self.sold_on)


@dataclass(frozen=True, slots=True)
class LockedSale:
    """A sale whose customer (and device) are locked. `device_kind` is None without a device."""

    id: int
    customer_id: int
    device_id: int | None
    device_kind: DeviceKind | None
    scheme: Scheme
    cadence: Cadence
    total_minor: int
    state: SaleState
    sold_on: date
    appliance: str


@dataclass(frozen=True, slots=True)
class OpeningPart:
    """One instalment, in the order in which money closes them."""

    id: int
    due_on: date
    amount_minor: int


@dataclass(frozen=True, slots=True)
class OpeningSale:
    """A sale with its instalments; `opened_minor`: what was taken over as paid, None: nothing yet
    was."""

    id: int
    reference: str
    customer_id: int
    total_minor: int
    opened_minor: int | None
    parts: tuple[OpeningPart, ...]

"""Sales: an appliance sold to a customer on a payment plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from core.device import DeviceKind
from core.plan import Cadence, Instalment, Scheme

# `open`, `paused` and `defaulted` sales are running: what is open of them is owed. The others have
# ended: paid (`complete`), ended at what was paid (`settled`), undone (`cancelled`), the device
# taken back (`repossessed`), or given up as a loss (`written_off`).
SaleState = Literal[
    "open", "paused", "defaulted", "complete", "settled", "cancelled", "repossessed", "written_off"
]
SALE_STATES: tuple[SaleState, ...] = get_args(SaleState)
RUNNING: tuple[SaleState, ...] = ("open", "paused", "defaulted")
# The same for SQL: `state IN {RUNNING_SQL}`.
RUNNING_SQL = "('open', 'paused', 'defaulted')"
# Running sales whose instalments fall due: those of a paused sale do not.
DUE_SQL = "('open', 'defaulted')"


@dataclass(frozen=True, slots=True)
class KnownSale:
    """A stored sale as it was agreed, before any change of its price and plan.

    `opened_minor`: what an import said was paid before.
    """

    reference: str | None
    customer_id: int
    appliance: str
    device_id: int | None
    scheme: Scheme
    total_minor: int
    sold_on: date
    plan: tuple[Instalment, ...]
    opened_minor: int

    @property
    def facts(self) -> tuple[object, ...]:
        """What distinguishes sales without a reference, besides their totals."""
        return (self.customer_id, self.appliance, self.device_id, self.sold_on)


@dataclass(frozen=True, slots=True)
class LockedSale:
    """A sale, locked after its customer and its agent. `device_kind` is None without a device.

    `appliance` is the name. `commission_minor` is what the agent has for the sale by now,
    `commission_bp` the agent's share in hundredths of a percent. `paused_on`: since when it is
    paused. `is_imported`: its price stands against the opening account.
    """

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
    agent_id: int | None
    commission_bp: int
    commission_minor: int
    paused_on: date | None
    is_imported: bool


@dataclass(frozen=True, slots=True)
class ReopenedSale:
    """A sale that was paid, or recovered, in full before money was taken back.

    `days_owed` are paid for, and no code gave them, because its device had been unlocked instead.
    """

    device_id: int | None
    open_minor: int
    days_owed: int


@dataclass(frozen=True, slots=True)
class OpeningInstalment:
    """An instalment of a sale whose payment history is imported."""

    id: int
    due_on: date
    amount_minor: int


@dataclass(frozen=True, slots=True)
class OpeningSale:
    """A sale whose payment history is imported, its instalments in the order of payment.
    `reference` is empty where it has none.

    `opened_minor`: the amount that was imported as paid, None while nothing was.
    """

    id: int
    reference: str
    customer_id: int
    sold_on: date
    total_minor: int
    opened_minor: int | None
    instalments: tuple[OpeningInstalment, ...]

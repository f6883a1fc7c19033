"""What a customer owes, line by line: what for, how much, since when; what comes next; credit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from core.db.catalogue import versions_of
from core.db.customers import get_customer
from core.db.devices import devices_served
from core.db.names import sale_names, serials
from core.unit import Unit
from core.usecases.quote_payment import owed_today
from core.waterfall import Obligation


@dataclass(frozen=True, slots=True)
class Debt:
    """One open obligation. `kind`: down_payment, instalment, access_rate. `about`: the appliance's
    name or the meter's serial."""

    kind: str
    about: str
    amount_minor: int
    due_on: date
    is_due: bool


@dataclass(frozen=True, slots=True)
class Debts:
    """All open obligations, the oldest first, and the customer's credit."""

    lines: tuple[Debt, ...]
    credit_minor: int

    @property
    def due(self) -> list[Debt]:
        return [line for line in self.lines if line.is_due]

    @property
    def next_due(self) -> Debt | None:
        return next((line for line in self.lines if not line.is_due), None)


def due_minor(unit: Unit, customer_id: int) -> int:
    """What the customer owes today in all, in minor units."""
    return sum(one.open_minor for one in _owed(unit, customer_id) if one.due_on <= unit.today)


def list_debts(unit: Unit, customer_id: int) -> Debts:
    """The customer's debts today, fees that fell due this morning included."""
    customer = get_customer(unit.connection, customer_id)
    owed = _owed(unit, customer_id)
    names = sale_names(unit.connection, {one.sale_id for one in owed if one.sale_id})
    # A meter that has moved on is no longer among the devices, its old owner's fees are.
    meters = serials(unit.connection, {one.device_id for one in owed if one.device_id})
    return Debts(
        tuple(
            Debt(
                one.kind,
                names[one.sale_id] if one.sale_id else meters[one.device_id or 0],
                one.open_minor,
                one.due_on,
                one.due_on <= unit.today,
            )
            for one in owed
        ),
        customer.credit_minor,
    )


def _owed(unit: Unit, customer_id: int) -> list[Obligation]:
    devices = devices_served(unit.connection, customer_id)
    return owed_today(unit, customer_id, devices, versions_of(unit.connection, devices))

"""What a customer owes: each debt with its due date, and the credit."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from core.customer import CustomerPosition
from core.db.positions import position_of_customer
from core.unit import Unit
from core.usecases.payments.find_account import owed_today
from core.waterfall import NOT_DUE


@dataclass(frozen=True, slots=True)
class Debt:
    """One open obligation. `kind` is clawback, down_payment, instalment or access_rate.

    `description` is the name of the appliance, the serial number of the meter, or the receipt of
    the payment that was taken back. `due_on` is NOT_DUE while the sale is paused.
    """

    kind: str
    description: str
    amount_minor: int
    due_on: date
    is_due: bool

    @property
    def is_paused(self) -> bool:
        """Whether it falls due on no day for now."""
        return self.due_on == NOT_DUE


@dataclass(frozen=True, slots=True)
class Debts:
    """All open obligations, the oldest first, the customer's credit and account reference."""

    lines: tuple[Debt, ...]
    credit_minor: int
    account: str

    @property
    def due(self) -> list[Debt]:
        return [line for line in self.lines if line.is_due]

    @property
    def paused(self) -> Counter[str]:
        """What is owed for sales that are paused, by what it is for."""
        owed: Counter[str] = Counter()
        for line in self.lines:
            if line.is_paused:
                owed[line.description] += line.amount_minor
        return owed

    @property
    def next_due(self) -> Debt | None:
        return next((line for line in self.lines if not line.is_due and not line.is_paused), None)


def list_debts(unit: Unit, customer_id: int) -> Debts:
    """Return the customer's debts today, with access fees that fell due today."""
    return debts_in(unit, position_of_customer(unit.connection, customer_id))


def debts_in(unit: Unit, position: CustomerPosition) -> Debts:
    """Return the debts of a customer whose position was read. Raises LookupError where there is
    no such customer."""
    if position.owner is None:
        raise LookupError("the position of nobody")
    today = unit.today
    lines = tuple(
        Debt(
            obligation.kind,
            position.name_of(obligation),
            obligation.open_minor,
            obligation.due_on,
            obligation.due_on <= today,
        )
        for obligation in owed_today(unit, position)
        if obligation.kind != "recovery"
    )
    return Debts(lines, position.owner.credit_minor, position.owner.account)

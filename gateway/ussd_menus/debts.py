"""What the caller owes: each debt that is due, the next one, and the credit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import Refused
from core.money import Money
from core.usecases.sales.debts import Debt, Debts, debts_in
from core.wording.message import BoundMessage
from core.wording.messages import debts as messages
from gateway.ussd_menus.caller import load_position, money
from gateway.ussd_menus.screens import Pick
from gateway.ussd_menus.turn import CallerContext, Turn


@dataclass(frozen=True, slots=True)
class DebtTotals:
    """The sum of all debts due today, the credit, and the account reference to pay them to."""

    due: Money
    credit: Money
    account: str


@dataclass(frozen=True, slots=True)
class DebtRow:
    """A row of the list of debts."""

    debt: BoundMessage


def debt_totals(turn: Turn, debts: Debts) -> DebtTotals:
    """The sums shown above a list of debts."""
    return DebtTotals(
        due=money(turn, sum(debt.amount_minor for debt in debts.due)),
        credit=money(turn, debts.credit_minor),
        account=debts.account,
    )


def debt_rows(turn: Turn, debts: Debts) -> Sequence[DebtRow]:
    """The debts that are due, oldest first, the next one to fall due, and what is paused."""
    rows = [_due_row(debt, money(turn, debt.amount_minor)) for debt in debts.due]
    if following := debts.next_due:
        amount = money(turn, following.amount_minor)
        rows.append(
            messages.upcoming(description=following.description, amount=amount, on=following.due_on)
        )
    rows += [
        messages.paused(description=description, amount=money(turn, minor))
        for description, minor in debts.paused.items()
    ]
    return [DebtRow(row) for row in rows]


def _due_row(debt: Debt, amount: Money) -> BoundMessage:
    if debt.kind == "clawback":
        return messages.taken_back(receipt=debt.description, amount=amount, since=debt.due_on)
    return messages.overdue(description=debt.description, amount=amount, since=debt.due_on)


def load_debts(context: CallerContext) -> Debts:
    """The caller's debts. Use it as `turn.cached(load_debts)`. Raises Refused("not_a_customer")."""
    own = context.cached(load_position)
    if own is None:
        raise Refused("not_a_customer")
    return debts_in(context.unit, own)


def own_totals(turn: Turn) -> DebtTotals:
    """The sums of the caller's debts."""
    return debt_totals(turn, turn.cached(load_debts))


def own_debts(turn: Turn) -> Sequence[DebtRow]:
    """The caller's debts."""
    return debt_rows(turn, turn.cached(load_debts))


debt_list: Pick[None] = Pick(
    "debts.list",
    messages.total,
    rows=own_debts,
    row_message=messages.line,
    empty_message=messages.nothing,
    data=own_totals,
)

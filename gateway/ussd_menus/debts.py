"""What I owe: each line that is due, the next one, and the credit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.money import Money
from core.usecases.customers.caller import Caller
from core.usecases.sales.debts import Debts, list_debts
from core.wording.message import BoundMessage
from core.wording.messages import debts as messages
from gateway.ussd_menus.caller import money, the_caller
from gateway.ussd_menus.screens import Pick
from gateway.ussd_menus.turn import CallerContext, Turn


@dataclass(frozen=True, slots=True)
class Totals:
    """What is due today in all, and the credit."""

    due: Money
    credit: Money


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the list."""

    debt: BoundMessage


def debt_totals(turn: Turn, debts: Debts) -> Totals:
    """The sums above a list of debts."""
    return Totals(
        due=money(turn, sum(debt.amount_minor for debt in debts.due)),
        credit=money(turn, debts.credit_minor),
    )


def debt_lines(turn: Turn, debts: Debts) -> Sequence[Line]:
    """What is due, oldest first, then the next that falls due."""
    shown = [
        messages.overdue(
            description=debt.description, amount=money(turn, debt.amount_minor), since=debt.due_on
        )
        for debt in debts.due
    ]
    if following := debts.next_due:
        amount = money(turn, following.amount_minor)
        shown.append(
            messages.upcoming(description=following.description, amount=amount, on=following.due_on)
        )
    return [Line(one) for one in shown]


def the_debts(facts: CallerContext) -> Debts:
    """The caller's debts, read once a turn."""
    who: Caller = facts.cached(the_caller)
    return list_debts(facts.unit, who.id)


def totals(turn: Turn) -> Totals:
    """The caller's sums."""
    return debt_totals(turn, turn.cached(the_debts))


def lines(turn: Turn) -> Sequence[Line]:
    """The caller's debts."""
    return debt_lines(turn, turn.cached(the_debts))


shown: Pick[None] = Pick(
    "debts.list",
    messages.total,
    rows=lines,
    row_message=messages.line,
    empty_message=messages.nothing,
    data=totals,
)

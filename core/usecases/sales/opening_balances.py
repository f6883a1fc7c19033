"""Take over what customers paid on their plans before they came here: it stays paid.

An opening amount is not a payment: no money moves, no token is made. It closes instalments in their
order, the down payment first, and is one entry against the account `opening`, once for each sale.
Days that a device already got for it are not given again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from core.db.ledger import open_account, post_entries
from core.db.sales import lock_sales, set_paid
from core.errors import Refused
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.sale import OpeningSale
from core.unit import Unit
from core.usecases.operators.bulk import (
    Progress,
    check_unchanged,
    no_progress,
    validate_each,
    write_in_batches,
)

ACCOUNT = "opening"


@dataclass(frozen=True, slots=True)
class PaidBefore:
    """What is known of one sale, by its reference.

    `outstanding_minor`: what is still open of the instalments due before `as_of`; None when nobody
    says. `received_minor`: all that was ever received for it; None when nobody says.
    """

    reference: str
    as_of: date
    outstanding_minor: int | None = None
    received_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """How much counts as paid, and what was received beyond the plan (nothing becomes of it)."""

    reference: str
    paid_minor: int
    surplus_minor: int
    is_new: bool


def take_over_paid(
    unit: Unit, entries: Sequence[PaidBefore], progress: Progress = no_progress
) -> list[Taken]:
    """Close what was paid, in each sale that has no opening entry yet.

    Raises RefusedEntries with history_of_no_sale, history_missing, outstanding_too_much, differs.
    """
    sales = {
        sale.reference: sale for sale in lock_sales(unit.connection, [e.reference for e in entries])
    }
    taken = validate_each(entries, partial(_decide, sales))
    new = [(sales[one.reference], one.paid_minor) for one in taken if one.is_new and one.paid_minor]
    if new:
        open_account(unit.connection, ACCOUNT, DEBIT)
    write_in_batches(new, partial(_write, unit), progress)
    return taken


def _decide(sales: dict[str, OpeningSale], entry: PaidBefore) -> Taken:
    sale = sales.get(entry.reference)
    if sale is None:
        raise Refused("history_of_no_sale", reference=entry.reference)
    paid = _paid(sale, entry)
    if sale.opened_minor is not None:
        check_unchanged("paid before", sale.opened_minor, paid)
    return Taken(
        entry.reference,
        paid,
        max(0, (entry.received_minor or 0) - sale.total_minor),
        sale.opened_minor is None,
    )


def _paid(sale: OpeningSale, entry: PaidBefore) -> int:
    """What fell due less what is open of it; beyond that, what was received more than fell due."""
    received = min(entry.received_minor or 0, sale.total_minor)
    if entry.outstanding_minor is None:
        if entry.received_minor is None:
            raise Refused("history_missing", reference=entry.reference)
        return received
    due = sum(part.amount_minor for part in sale.parts if part.due_on < entry.as_of)
    if entry.outstanding_minor > due:
        raise Refused("outstanding_too_much", open_minor=entry.outstanding_minor, due_minor=due)
    if entry.outstanding_minor:
        return due - entry.outstanding_minor
    return max(due, received)


def _write(unit: Unit, sales: Sequence[tuple[OpeningSale, int]]) -> None:
    set_paid(
        unit.connection,
        {
            instalment_id: paid
            for sale, paid_minor in sales
            for instalment_id, paid in _in_order(sale, paid_minor)
        },
    )
    post_entries(unit.connection, unit.now, [_entry(sale, paid) for sale, paid in sales])


def _in_order(sale: OpeningSale, paid_minor: int) -> list[tuple[int, int]]:
    """(instalment, how much of it is paid), until the money is used up."""
    closed, left = [], paid_minor
    for part in sale.parts:
        paid = min(left, part.amount_minor)
        left -= paid
        if paid:
            closed.append((part.id, paid))
    return closed


def _entry(sale: OpeningSale, paid_minor: int) -> JournalEntry:
    legs = (
        Posting(ACCOUNT, DEBIT, paid_minor, sale.customer_id),
        Posting("receivable:sales", CREDIT, paid_minor, sale.customer_id),
    )
    return JournalEntry("opening", f"opening:sale:{sale.id}", legs)

"""Import what customers paid on their plans to an earlier system: it stays paid.

An opening amount is not a payment: no money moves and no token is made. It pays instalments in
their order, the down payment first, and is one journal entry against the opening account, once for
each sale, of the value date of the sale. Days that a device already got for it are not given again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from core.db.ledger import open_account, post_entries
from core.db.sales import lock_sales, opening_sales, set_paid
from core.errors import Refused
from core.journal import CREDIT, DEBIT, OPENING, JournalEntry, Posting
from core.sale import OpeningSale
from core.unit import Unit
from core.usecases.operators.bulk import (
    Progress,
    check_unchanged,
    no_progress,
    validate_each,
    write_in_batches,
)


@dataclass(frozen=True, slots=True)
class PaidBefore:
    """The payment history of a sale, by its reference.

    `outstanding_minor`: what is still open of the instalments due before `as_of`.
    `received_minor`: all that was ever received for it. None where the history does not say.
    """

    reference: str
    as_of: date
    outstanding_minor: int | None = None
    received_minor: int | None = None


@dataclass(frozen=True, slots=True)
class ImportedHistory:
    """What counts as paid of a sale. `surplus_minor` was received beyond the plan and is ignored.

    `is_new`: the sale had no opening entry yet.
    """

    reference: str
    paid_minor: int
    surplus_minor: int
    is_new: bool


def import_payment_history(
    unit: Unit, entries: Sequence[PaidBefore], progress: Progress = no_progress
) -> list[ImportedHistory]:
    """Write what was paid on each sale that has no opening entry yet. Return it for every sale.

    Raises RefusedEntries with history_of_no_sale, history_missing, outstanding_too_much, differs.
    """
    locked = lock_sales(unit.connection, [entry.reference for entry in entries])
    sales = {sale.reference: sale for sale in locked}
    histories = validate_each(entries, partial(_decide, sales))
    new = [
        (sales[history.reference], history.paid_minor)
        for history in histories
        if history.is_new and history.paid_minor
    ]
    write_in_batches(new, partial(_write, unit), progress)
    return histories


def open_as_paid(unit: Unit, paid_minor: Mapping[int, int]) -> None:
    """Book how much of each new sale (by id) was paid before. Their customers are locked."""
    sales = opening_sales(unit.connection, paid_minor)
    _write(unit, [(sale, paid_minor[sale.id]) for sale in sales])


def _decide(sales: dict[str, OpeningSale], entry: PaidBefore) -> ImportedHistory:
    sale = sales.get(entry.reference)
    if sale is None:
        raise Refused("history_of_no_sale", reference=entry.reference)
    paid = _paid(sale, entry)
    if sale.opened_minor is not None:
        check_unchanged("paid before", sale.opened_minor, paid)
    return ImportedHistory(
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
    due = sum(part.amount_minor for part in sale.instalments if part.due_on < entry.as_of)
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
    open_account(unit.connection, OPENING, CREDIT)
    entries = [_entry(unit, sale, paid) for sale, paid in sales]
    post_entries(unit.connection, unit.now, entries)


def _in_order(sale: OpeningSale, paid_minor: int) -> list[tuple[int, int]]:
    """(instalment, how much of it is paid), until the money is used up."""
    closed, left = [], paid_minor
    for part in sale.instalments:
        paid = min(left, part.amount_minor)
        left -= paid
        if paid:
            closed.append((part.id, paid))
    return closed


def _entry(unit: Unit, sale: OpeningSale, paid_minor: int) -> JournalEntry:
    legs = (
        Posting(OPENING, DEBIT, paid_minor, sale.customer_id),
        Posting("receivable:sales", CREDIT, paid_minor, sale.customer_id),
    )
    sold_on = min(sale.sold_on, unit.today)
    return JournalEntry("opening", f"opening:sale:{sale.id}", legs, value_on=sold_on)

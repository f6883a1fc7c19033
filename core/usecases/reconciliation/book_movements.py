"""Book what a provider's statement has and the ledger has not; ask a person about the rest.

Everything is recorded in the same way as a callback does it, so that a statement read twice, or
while callbacks come in, records everything once.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence

from core.db.audit import CaseDraft, close_cases_by_key, open_case, open_drafts
from core.db.held_movements import insert_held
from core.db.ledger import is_posted, open_account, post_entries
from core.db.payments import hold, lock_payments
from core.db.statements import Booked
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.money import Money
from core.movement import Movement, Statement, UnreadRow
from core.payment import UNLISTED, PaymentNotice
from core.refund import NewReturn
from core.unit import Unit, do_all_or_each
from core.usecases.operators.audit import ITSELF
from core.usecases.payments.provider_word import confirm_payments, deny_unlisted
from core.usecases.payments.record import record_payment
from core.usecases.reconciliation.compare import UNREAD, Comparison, entry_key, unread_key
from core.usecases.refunds.held_movement import end_held_movement
from core.usecases.refunds.reversal import record_reversal

log = logging.getLogger(__name__)

HELD, FAILED = "movement_held", "movement_failed"
# The other side of a movement of the provider account, by its kind.
ACCOUNT_OF_KIND = {"settlement": "bank", "fee": "expense:provider_fee"}


def in_booking_order(missing: Sequence[Movement]) -> list[tuple[Movement, ...]]:
    """Return what is missing here in the parts that must be booked together, in order.

    A payment is booked together with its reversals: it buys nothing with money that has gone back.
    """
    undone: dict[str, list[Movement]] = {}
    for row in missing:
        if row.undoes is not None:
            undone.setdefault(row.undoes, []).append(row)
    parts = [(row, *undone.pop(row.receipt, ())) for row in missing if row.kind == "payment"]
    return parts + [
        (row,)
        for row in missing
        if row.kind != "payment" and (row.undoes is None or row.undoes in undone)
    ]


def book_missing(
    unit: Unit, statement: Statement, movements: Sequence[Movement], source: str
) -> tuple[int, Exception | None]:
    """Book one part of `in_booking_order`; returns how many of its movements were new, and the
    error that stopped it.

    What cannot be booked is rolled back, stops nothing behind it, and becomes a case, which is
    closed when it can be booked after all. Raises OperationalError: the database is in trouble.
    """
    gone_minor = sum(row.amount_minor for row in movements if row.kind == "reversal")
    new = 0

    def record(rows: Sequence[Movement]) -> None:
        nonlocal new
        new += sum(_book_movement(unit, statement, row, source, gone_minor) for row in rows)

    first = movements[0]
    key = entry_key(statement.provider_account, first)
    for _, error in do_all_or_each(unit, [movements], lambda parts: record(parts[0])):
        log.error("receipt %s cannot be booked: %r", first.receipt, error)
        amount = Money(first.amount_minor, statement.currency)
        detail = (
            f"{first.receipt} ({first.kind}, {amount}) is on the {source} and cannot be booked"
            " (the log has the error). It is tried again whenever it is listed"
        )
        open_case(unit.connection, unit.now, FAILED, key, detail)
        return 0, error
    close_cases_by_key(unit.connection, unit.now, f"{FAILED}:{key}")
    return new, None


def _book_movement(
    unit: Unit, statement: Statement, movement: Movement, source: str, gone_minor: int
) -> bool:
    account = statement.provider_account
    if movement.kind == "payment":
        notice = _notice_of(statement, movement, source)
        return record_payment(unit, notice, quiet=gone_minor >= movement.amount_minor).is_new
    if movement.kind == "reversal":
        back = NewReturn(movement.amount_minor, "provider", movement.receipt, movement.happened_at)
        reason = f"on the {source}"
        is_new = record_reversal(unit, account, movement.undoes or "", back, ITSELF, reason)
        if is_new:  # it may have been listed before its payment was known
            end_held_movement(unit, account, movement.receipt, movement.amount_minor)
        return is_new
    other_side = ACCOUNT_OF_KIND[movement.kind]
    return post_movement(unit, account, movement, other_side, entry_key(account, movement))


def _notice_of(statement: Statement, movement: Movement, source: str) -> PaymentNotice:
    return PaymentNotice(
        provider_account=statement.provider_account,
        receipt=movement.receipt,
        source=source,
        amount_minor=movement.amount_minor,
        currency=statement.currency,
        account=movement.account,
        payer_kind=movement.payer_kind,
        payer=movement.payer,
        paid_at=movement.happened_at,
    )


def post_movement(unit: Unit, account: str, movement: Movement, other_side: str, key: str) -> bool:
    """Post a movement that is no customer's between the provider account and another account of
    the ledger, under that key; False when posted before."""
    if is_posted(unit.connection, key):
        return False
    clearing = f"clearing:{account}"
    open_account(unit.connection, clearing, DEBIT)
    gains, loses = (clearing, other_side) if movement.direction == "in" else (other_side, clearing)
    legs = (
        Posting(gains, DEBIT, movement.amount_minor),
        Posting(loses, CREDIT, movement.amount_minor),
    )
    entry = JournalEntry("settlement", key, legs, value_at=movement.happened_at)
    post_entries(unit.connection, unit.now, [entry])
    return True


def open_cases(unit: Unit, statement: Statement, comparison: Comparison) -> None:
    """Open a case for everything that a person must look at: each once, however often it is read.

    A payment that is not listed and not used yet is put on hold: neither applied nor refunded,
    until a later statement lists it, which also closes the case, or an operator releases it
    (close_case, or a retry). A payment is put on hold for this reason only once.
    """
    missing = {booked.id for booked in comparison.missing_there if booked.id is not None}
    lock_payments(unit.connection, missing.union(comparison.confirmed))
    confirm_payments(unit, comparison.confirmed)
    drafts = [
        *_about_payments(statement, comparison),
        *(_about_unread(statement, row) for row in comparison.unread),
        *_about_held(unit, statement, comparison.held),
    ]
    for draft in open_drafts(unit.connection, unit.now, drafts):
        if draft.kind == UNLISTED and draft.payment_id is not None:
            hold(unit.connection, draft.payment_id, "not on the provider's statement")
            deny_unlisted(unit, draft.payment_id)


def _about_payments(statement: Statement, comparison: Comparison) -> Iterator[CaseDraft]:
    for booked in comparison.missing_there:
        amount = Money(booked.amount_minor, statement.currency)
        detail = f"{booked.receipt} ({amount}) is in the books but not on the statement"
        yield CaseDraft(UNLISTED, str(booked.id), detail, booked.id)
    for movement, booked in comparison.different:
        key = str(booked.id or entry_key(statement.provider_account, movement))
        detail = f"{booked.receipt}: {describe_difference(statement, movement, booked)}"
        yield CaseDraft("amount_differs", key, detail, booked.id)


def _about_unread(statement: Statement, row: UnreadRow) -> CaseDraft:
    account = statement.provider_account
    detail = (
        f"{account}, {row.place}: {row.why}. It says: {row.content}. Nothing was booked for it:"
        " correct it in a copy of the file and read that, or look it up in the provider's"
        " portal; then close this case"
    )
    return CaseDraft(UNREAD, unread_key(account, row), detail)


def describe_difference(statement: Statement, movement: Movement, booked: Booked) -> str:
    """`KES 260.00 on the statement, KES 250.00 in the books`."""
    theirs = Money(movement.amount_minor, statement.currency)
    ours = Money(booked.amount_minor, statement.currency)
    return f"{theirs} on the statement, {ours} in the books"


def _about_held(
    unit: Unit, statement: Statement, movements: Collection[Movement]
) -> Iterator[CaseDraft]:
    """Store the movements that wait for a person; yields a case for each that is new."""
    account = statement.provider_account
    for movement in movements:
        held_id = insert_held(unit.connection, unit.now, account, movement)
        if held_id is None:
            continue
        amount = Money(movement.amount_minor, statement.currency)
        detail = (
            f"{account}, {movement.receipt}: {amount} went {movement.direction}"
            f" ({movement.written or movement.kind}) on"
            f" {unit.market.local_date(movement.happened_at)}."
            " It is no customer's payment and was not booked: say what it was"
        )
        yield CaseDraft(HELD, str(held_id), detail)

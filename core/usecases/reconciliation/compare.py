"""Compare a provider's statement with the ledger: matched, missing here, missing there, different.

Comparing only reads. A row is known by its receipt, its kind and its direction: a payment and its
charge may share a receipt. `book_movements` books what is missing here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.db.audit import closed_among
from core.db.held_movements import HeldMovement, find_held, name_of
from core.db.returns import Return, provider_returns, sent_from
from core.db.statements import Booked, find_booked, find_posted, live_since, unlisted_between
from core.money import Money
from core.movement import Movement, Statement, UnreadRow
from core.refund import reversal_receipt
from core.unit import Unit

UNREAD = "row_not_understood"
# The provider's clock and its callbacks differ by seconds: a payment so near to the edge of a
# statement may be on the one before or after it.
_EDGE = timedelta(seconds=10)
_LONG_ENOUGH = timedelta(minutes=2)


@dataclass(slots=True)
class Comparison:
    """The outcome of a comparison.

    `different` pairs a row of the statement with what the ledger has; `confirmed` are the ids of
    the payments that both have. `held`: movements that a person must explain; `unread`: rows that
    could not be understood; `before_us`: movements from before payments were served here, which are
    not booked. `late_minor`: what listed movements add to the ledger's balance at the end of the
    statement, as our clock put them after it or before it.
    """

    matched: int = 0
    confirmed: list[int] = field(default_factory=list)
    missing_here: list[Movement] = field(default_factory=list)
    missing_there: list[Booked] = field(default_factory=list)
    different: list[tuple[Movement, Booked]] = field(default_factory=list)
    held: list[Movement] = field(default_factory=list)
    unread: list[UnreadRow] = field(default_factory=list)
    before_us: list[Movement] = field(default_factory=list)
    late_minor: int = 0

    @property
    def agrees(self) -> bool:
        return not (self.missing_here or self.needs_person)

    @property
    def needs_person(self) -> bool:
        """Whether anything is left once what is missing here has been booked."""
        return bool(self.missing_there or self.different or self.held or self.unread)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of the receipts of a statement: payments, what went back of them (each is
    taken out of its list once a row tells of it), what a person gave back under that receipt,
    entries by key, held movements."""

    payments: Mapping[str, Booked]
    returns: dict[str, list[Return]]
    sent: Mapping[str, tuple[int, datetime]]
    entries: Mapping[str, tuple[int, datetime]]
    held: Mapping[tuple[str, str, str], HeldMovement]


def compare_statement(
    unit: Unit, statement: Statement, since: datetime | None = None
) -> Comparison:
    """Compare a statement with the ledger. Only reads.

    Payments missing there are those that we heard of in the period of the statement.
    `since`: from when on what is missing here is ours to book; None: since payments were served
    here (`live_since`).
    """
    comparison = Comparison()
    known = _read_known(unit, statement)
    ends_at = statement.ends_at
    missing = []
    for movement in _distinct_movements(statement, comparison):
        if _is_explained(movement, known):
            comparison.matched += 1
        elif booked := _find_booked_movement(statement, movement, known):
            _compare_amounts(movement, booked, ends_at, comparison)
        else:
            missing.append(movement)
    account = statement.provider_account
    live = since or live_since(unit.connection, account, unit.market.timezone)
    _sort_missing(missing, live, known, comparison)
    _look_for_unlisted(unit, statement, {p.id for p in known.payments.values()}, comparison)
    comparison.unread += statement.unread
    keys = {f"{UNREAD}:{unread_key(account, row)}": row for row in comparison.unread}
    closed = closed_among(unit.connection, list(keys))
    comparison.unread = [row for key, row in keys.items() if key not in closed]
    return comparison


def unread_key(provider_account: str, row: UnreadRow) -> str:
    """Return the key of the case about a row: the same row, read again, is the same case."""
    digest = hashlib.sha256(row.content.encode()).hexdigest()
    return f"{provider_account}:{digest[:32]}"


def entry_key(provider_account: str, movement: Movement) -> str:
    """Return the key of the entry of a settlement or a fee."""
    key = f"settlement:{provider_account}:{movement.kind}:{movement.receipt}"
    return f"{key}:in" if movement.direction == "in" else key


def _read_known(unit: Unit, statement: Statement) -> _Known:
    account, rows = statement.provider_account, statement.movements
    receipts = {row.receipt for row in rows} | {row.undoes for row in rows if row.undoes}
    return _Known(
        find_booked(unit.connection, account, receipts),
        provider_returns(unit.connection, account, receipts),
        sent_from(unit.connection, account, receipts),
        find_posted(unit.connection, {entry_key(account, row) for row in rows}),
        find_held(unit.connection, account, receipts),
    )


def _distinct_movements(statement: Statement, comparison: Comparison) -> list[Movement]:
    """Return every movement once; a repetition with another amount is a row not understood."""
    first: dict[tuple[str, ...], Movement] = {}
    for row in statement.movements:
        name = (row.receipt, row.kind, row.direction, row.written if row.kind == "other" else "")
        if first.setdefault(name, row).amount_minor != row.amount_minor:
            amount = Money(row.amount_minor, statement.currency)
            content = f"{row.receipt}, {row.kind}, {row.happened_at.isoformat()}, {amount}"
            why = "the same receipt, kind and direction stand on two rows with two amounts"
            comparison.unread.append(UnreadRow(row.place, content, why))
    return list(first.values())


def _compare_amounts(
    movement: Movement, booked: Booked, ends_at: datetime | None, comparison: Comparison
) -> None:
    if booked.amount_minor != movement.amount_minor:
        comparison.different.append((movement, booked))
        return
    comparison.matched += 1
    if movement.kind == "payment" and booked.id is not None:
        comparison.confirmed.append(booked.id)
    if ends_at is not None and booked.value_at > ends_at:
        comparison.late_minor += movement.signed_minor


def _find_booked_movement(statement: Statement, movement: Movement, known: _Known) -> Booked | None:
    if movement.kind == "payment":
        return known.payments.get(movement.receipt)
    if movement.kind == "reversal":
        found = _find_return(movement, known.returns.get(movement.undoes or "", []))
        return found or _find_sent(movement, known)
    if movement.kind == "other":
        return _find_sent(movement, known)
    posted = known.entries.get(entry_key(statement.provider_account, movement))
    return posted and Booked(None, movement.receipt, posted[0], "booked", posted[1])


def _find_return(movement: Movement, returns: list[Return]) -> Booked | None:
    """Return what a reversal tells of; its own receipt tells which part of a payment it was."""
    receipt = reversal_receipt(movement.receipt, movement.undoes or "")
    possible = [each for each in returns if each.is_told_by(receipt, movement.amount_minor)]
    if not possible:
        return None
    found = next((each for each in possible if each.reference == receipt), possible[0])
    returns.remove(found)
    return Booked(None, movement.receipt, found.moved_minor, "returned", found.happened_at)


def _find_sent(movement: Movement, known: _Known) -> Booked | None:
    """Return what a person gave back under the receipt of a movement, if it is that amount."""
    amount_minor, sent_at = known.sent.get(movement.receipt, (0, movement.happened_at))
    if movement.direction != "out" or amount_minor != movement.amount_minor:
        return None
    return Booked(None, movement.receipt, amount_minor, "returned", sent_at)


def _is_explained(movement: Movement, known: _Known) -> bool:
    """Whether a person said what a movement was."""
    if movement.kind not in ("other", "reversal"):
        return False
    held = known.held.get(name_of(movement))
    return (
        held is not None
        and held.booked_as is not None
        and held.amount_minor == movement.amount_minor
    )


def _sort_missing(
    missing: Collection[Movement], live: datetime, known: _Known, comparison: Comparison
) -> None:
    """Divide what is missing here: ours to book, from before us, or for a person.

    A reversal is ours to book where its payment is.
    """
    ours = [row for row in missing if row.happened_at >= live]
    comparison.before_us = [row for row in missing if row.happened_at < live]
    can_be_undone = known.payments.keys() | {row.receipt for row in ours if row.kind == "payment"}
    for row in ours:
        is_ours = row.undoes in can_be_undone if row.kind == "reversal" else row.kind != "other"
        (comparison.missing_here if is_ours else comparison.held).append(row)


def _look_for_unlisted(
    unit: Unit, statement: Statement, listed: Collection[int | None], comparison: Comparison
) -> None:
    """Find the payments that should be on the statement: those we heard of while it covers.

    What the messages said of the time decides nothing: a forger writes any time into them. One that
    an earlier statement had was late, and is known to be the provider's.
    """
    if statement.period is None:
        return
    begin, end = statement.period
    edge = _EDGE if end - begin >= _LONG_ENOUGH else timedelta(0)
    unread = [row.content.upper() for row in statement.unread]
    account = statement.provider_account
    for payment in unlisted_between(unit.connection, account, begin, end):
        if payment.id in listed or any(payment.receipt in content for content in unread):
            continue
        if payment.received_at and begin + edge <= payment.received_at <= end - edge:
            comparison.missing_there.append(payment)
        elif end - edge < payment.value_at <= end:
            comparison.late_minor -= payment.amount_minor

"""Compare a provider's statement with the ledger: matched, missing here, missing there, different.

Comparing only reads. Ingesting records what is missing here in the same way as a callback does, so
that a statement read twice, or while callbacks come in, records everything once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from core.db.audit import close_cases, open_case
from core.db.ledger import open_account, post_entries
from core.db.payments import hold, release
from core.db.returns import Return, provider_returns
from core.db.statements import (
    Booked,
    booked_between,
    find_booked,
    has_entry,
)
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.payment import PayerKind, PaymentNotice
from core.refund import MoneyBack, reversal_receipt
from core.unit import Unit
from core.usecases.operators.audit import ITSELF
from core.usecases.payments.record import record_payment
from core.usecases.refunds.reversal import record_reversal

MovementKind = Literal["payment", "reversal", "settlement", "fee"]
MOVEMENT_KINDS: tuple[MovementKind, ...] = get_args(MovementKind)


@dataclass(frozen=True, slots=True)
class Movement:
    """A row of a statement: a payment, a reversal of the receipt `undoes`, a settlement to the
    bank, or a fee of the provider.

    `amount_minor` is positive; the kind gives the direction. `account`, `payer_kind` and `payer`
    are those of a payment.
    """

    receipt: str
    kind: MovementKind
    amount_minor: int
    happened_at: datetime
    account: str = ""
    payer_kind: PayerKind = "none"
    payer: str | None = None
    undoes: str | None = None


def parse_movement_kind(text: str) -> MovementKind:
    """Return the kind with that name. Raises ValueError for any other text."""
    for kind in MOVEMENT_KINDS:
        if kind == text:
            return kind
    raise ValueError(f"kind is one of {', '.join(MOVEMENT_KINDS)}, not {text!r}")


@dataclass(frozen=True, slots=True)
class Statement:
    """Movements of one account in one currency, and the closing balance if the file states it.

    `settled_until`: later rows may still be added to the list; None: the list is final.
    """

    provider_account: str
    currency: str
    movements: Sequence[Movement]
    closing_minor: int | None = None
    settled_until: datetime | None = None


@dataclass(slots=True)
class Comparison:
    """The outcome of a comparison.

    `different` pairs a row of the statement with what the ledger has; `confirmed` are the ids of
    the payments that both have.
    """

    matched: int = 0
    confirmed: list[int] = field(default_factory=list)
    missing_here: list[Movement] = field(default_factory=list)
    missing_there: list[Booked] = field(default_factory=list)
    different: list[tuple[Movement, Booked]] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        return not (self.missing_here or self.missing_there or self.different)


def compare_statement(unit: Unit, statement: Statement) -> Comparison:
    """Compare a statement with the ledger. Only reads.

    Payments missing there are those between the first and the last payment of the statement.
    """
    account = statement.provider_account
    named = {movement.undoes or movement.receipt for movement in statement.movements}
    booked = find_booked(unit.connection, account, named)
    comparison = Comparison()
    undone = {movement.undoes for movement in statement.movements if movement.undoes}
    returned = provider_returns(unit.connection, account, undone)
    for movement in statement.movements:
        if movement.kind == "reversal":
            _compare_reversal(movement, returned.get(movement.undoes or "", []), comparison)
        else:
            _compare_movement(unit, account, movement, booked, comparison)
    comparison.missing_there = _missing_there(
        unit, statement, {payment.id for payment in booked.values()}
    )
    return comparison


def _compare_movement(
    unit: Unit, account: str, movement: Movement, booked: dict[str, Booked], comparison: Comparison
) -> None:
    known = booked.get(movement.undoes or movement.receipt)
    if movement.kind in ("settlement", "fee"):
        is_known = has_entry(unit.connection, _settlement_key(account, movement))
    else:
        is_known = known is not None
    if not is_known:
        comparison.missing_here.append(movement)
    elif known is not None and known.amount_minor != movement.amount_minor:
        comparison.different.append((movement, known))
    else:
        comparison.matched += 1
        if known is not None:
            comparison.confirmed.append(known.id)


def _compare_reversal(
    movement: Movement, returned: Sequence[Return], comparison: Comparison
) -> None:
    """A part of a payment may have gone back: the receipt of the reversal tells which."""
    receipt = reversal_receipt(movement.receipt, movement.undoes or "")
    if any(known.is_told_by(receipt, movement.amount_minor) for known in returned):
        comparison.matched += 1
    else:
        comparison.missing_here.append(movement)


def _missing_there(unit: Unit, statement: Statement, listed: Collection[int]) -> list[Booked]:
    payments = [movement for movement in statement.movements if movement.kind == "payment"]
    if not payments:
        return []
    times = [payment.happened_at for payment in payments]
    last = min(max(times), statement.settled_until or max(times))
    ours = booked_between(unit.connection, statement.provider_account, min(times), last)
    return [payment for payment in ours if payment.id not in listed]


def book_missing(unit: Unit, statement: Statement, movement: Movement, source: str) -> bool:
    """Book one movement that is missing here; whether it was new.

    Raises BadCallback for one that cannot be booked, Refused("receipt_unknown") for the reversal of
    a payment that is not recorded: ingest payments before reversals.
    """
    account = statement.provider_account
    if movement.kind == "payment":
        return record_payment(unit, _notice(statement, movement, source)).is_new
    if movement.kind == "reversal":
        back = MoneyBack(movement.amount_minor, "provider", movement.receipt, movement.happened_at)
        return record_reversal(
            unit, account, movement.undoes or "", back, ITSELF, f"on the {source}"
        )
    return _settle(unit, account, movement)


def _notice(statement: Statement, movement: Movement, source: str) -> PaymentNotice:
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


def _settlement_key(account: str, movement: Movement) -> str:
    return f"settlement:{account}:{movement.kind}:{movement.receipt}"


def _settle(unit: Unit, account: str, movement: Movement) -> bool:
    """Post a settlement to our bank, or a fee of the provider; False when posted before."""
    key = _settlement_key(account, movement)
    if has_entry(unit.connection, key):
        return False
    gone_to = "bank" if movement.kind == "settlement" else "expense:provider_fee"
    open_account(unit.connection, f"clearing:{account}", DEBIT)
    legs = (
        Posting(gone_to, DEBIT, movement.amount_minor),
        Posting(f"clearing:{account}", CREDIT, movement.amount_minor),
    )
    post_entries(unit.connection, unit.now, [JournalEntry("settlement", key, legs)])
    return True


NOT_ON_STATEMENT = "not_on_statement"


def open_cases(unit: Unit, comparison: Comparison) -> None:
    """Open a case for each payment that the provider does not list and each amount that differs.

    A payment that is not listed and not used yet is put on hold: neither applied nor refunded,
    until a later statement lists it, which also closes the case, or an operator releases it
    (close_case, or a retry). A payment is put on hold for this reason only once.
    """
    close_cases(unit.connection, unit.now, NOT_ON_STATEMENT, comparison.confirmed)
    if release(unit.connection, unit.now, comparison.confirmed):
        unit.wakes.add("payments")
    for booked in comparison.missing_there:
        detail = (
            f"{booked.receipt} ({booked.amount_minor}) is in the ledger but not on the statement"
        )
        if open_case(
            unit.connection, unit.now, NOT_ON_STATEMENT, str(booked.id), detail, booked.id
        ):
            hold(unit.connection, booked.id, "not on the provider's statement")
    for movement, booked in comparison.different:
        detail = (
            f"{booked.receipt}: statement says {movement.amount_minor},"
            f" ledger {booked.amount_minor}"
        )
        open_case(unit.connection, unit.now, "amount_differs", str(booked.id), detail, booked.id)

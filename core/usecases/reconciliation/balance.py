"""Compare the balance a provider states with the ledger's balance at the same instant.

The two must agree. A difference is checked again while a late callback may still explain it, and
then becomes a case. An operator posts once what an account held before its first payment here.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from core.db.audit import open_case
from core.db.ledger import is_posted, open_account, post_entries
from core.db.statements import (
    claim_pull,
    clearing_at,
    differing_assertions,
    keep_assertion,
    pull_again,
)
from core.errors import Refused
from core.journal import CREDIT, DEBIT, OPENING, JournalEntry, Posting
from core.money import Money, signed_money
from core.unit import Unit
from core.usecases.operators.audit import write_audit

_EXPLAINED_WITHIN = timedelta(hours=1)
_CHECKED_FOR = timedelta(days=2)
_READ_EVERY = timedelta(days=1)
_READ_AGAIN = timedelta(minutes=10)


def plan_balance(unit: Unit, name: str) -> bool:
    """Whether the balance of the channel or account called `name` is to be read now: once a day."""
    return claim_pull(unit.connection, _key(name), unit.now, _READ_EVERY)


def record_balance(unit: Unit, name: str, provider_account: str, stated_minor: int) -> None:
    """Store a balance as `note_balance` does. Where it differs it is read again soon: a payment may
    have been made while it was read, and recorded afterwards."""
    if note_balance(unit, provider_account, stated_minor, unit.now):
        pull_again(unit.connection, _key(name), unit.now, _READ_AGAIN)


def _key(name: str) -> str:
    return f"balance:{name}"


def note_balance(
    unit: Unit,
    provider_account: str,
    stated_minor: int,
    stated_at: datetime,
    late_minor: int = 0,
) -> int:
    """Store the stated balance and the ledger's; returns the difference, stated minus ledger.

    `late_minor` is added to the ledger's balance: movements that belong to the statement though
    our clock put them after its end.
    """
    booked_minor = clearing_at(unit.connection, provider_account, stated_at) + late_minor
    amounts = (stated_minor, booked_minor, late_minor)
    keep_assertion(unit.connection, unit.now, provider_account, stated_at, amounts)
    return stated_minor - booked_minor


def assert_balance(
    unit: Unit,
    provider_account: str,
    stated_minor: int,
    stated_at: datetime,
    late_minor: int = 0,
) -> int:
    """Store the balance of a complete statement like `note_balance`; a difference opens a case."""
    difference = note_balance(unit, provider_account, stated_minor, stated_at, late_minor)
    if difference:
        _open_case(unit, provider_account, stated_minor, stated_minor - difference, stated_at)
    return difference


def review_balances(unit: Unit) -> None:
    """Check again the differences of the last two days; one that lasts an hour opens a case.

    A later balance that agrees has explained the difference.
    """
    for account, stated_at, stated_minor, late_minor in differing_assertions(
        unit.connection, unit.now - _CHECKED_FOR
    ):
        difference = note_balance(unit, account, stated_minor, stated_at, late_minor)
        if difference and unit.now - stated_at > _EXPLAINED_WITHIN:
            _open_case(unit, account, stated_minor, stated_minor - difference, stated_at)


def _open_case(
    unit: Unit, account: str, stated_minor: int, booked_minor: int, stated_at: datetime
) -> None:
    theirs, ours = (
        signed_money(minor, unit.market.currency) for minor in (stated_minor, booked_minor)
    )
    detail = f"{account}: {theirs} at the provider, {ours} in the books"
    dedupe_key = f"{account}:{stated_at.isoformat()}"
    open_case(unit.connection, unit.now, "balance_differs", dedupe_key, detail)


def book_opening(
    unit: Unit,
    provider_account: str,
    opening_minor: int,
    held_at: datetime,
    operator: str,
    reason: str,
) -> None:
    """Post what the account held before its first payment here, at the instant `held_at`. Nothing
    is posted for nothing.

    Raises Refused: opening_known (once only), opening_negative, reason_missing.
    """
    key = f"opening:{provider_account}"
    if is_posted(unit.connection, key):
        raise Refused("opening_known", account=provider_account)
    if opening_minor < 0:
        raise Refused("opening_negative", amount=Money(-opening_minor, unit.market.currency))
    if opening_minor == 0:
        return
    clearing = f"clearing:{provider_account}"
    open_account(unit.connection, clearing, DEBIT)
    open_account(unit.connection, OPENING, CREDIT)
    legs = (
        Posting(clearing, DEBIT, opening_minor),
        Posting(OPENING, CREDIT, opening_minor),
    )
    entry = JournalEntry("opening", key, legs, value_at=held_at)
    post_entries(unit.connection, unit.now, [entry])
    write_audit(
        unit, operator, "set_opening_balance", "account", 0, reason,
        account=provider_account, opening_minor=opening_minor,
    )  # fmt: skip

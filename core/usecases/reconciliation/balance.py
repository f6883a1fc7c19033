"""What a provider says it holds for us, beside what the books say of the same instant.

The two must agree. A difference is looked at anew while what we hear late can still explain it, and
then becomes a case. What an account held before its first payment here is booked once, by a person.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from core.db.audit import open_case
from core.db.ledger import open_account, post_entries
from core.db.statements import clearing_at, differing_assertions, has_entry, keep_assertion
from core.errors import Refused
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.unit import Unit
from core.usecases.operators.audit import write_audit

_EXPLAINED_WITHIN = timedelta(hours=1)
_LOOKED_AT_FOR = timedelta(days=2)


def note_balance(unit: Unit, provider_account: str, stated_minor: int, stated_at: datetime) -> int:
    """Keep what the provider says beside what the books say; stated minus booked."""
    booked_minor = clearing_at(unit.connection, provider_account, stated_at)
    amounts = (stated_minor, booked_minor)
    keep_assertion(unit.connection, unit.now, provider_account, stated_at, amounts)
    return stated_minor - booked_minor


def assert_balance(
    unit: Unit, provider_account: str, stated_minor: int, stated_at: datetime
) -> int:
    """The same from a statement that is complete: a difference opens a case at once."""
    difference = note_balance(unit, provider_account, stated_minor, stated_at)
    if difference:
        _ask_a_person(unit, provider_account, stated_minor, stated_minor - difference, stated_at)
    return difference


def review_balances(unit: Unit) -> None:
    """Judge the differences that began within two days by what the books say now; one that stays
    for an hour opens a case. A later statement that agrees has explained it."""
    for account, stated_at, stated_minor in differing_assertions(
        unit.connection, unit.now - _LOOKED_AT_FOR
    ):
        difference = note_balance(unit, account, stated_minor, stated_at)
        if difference and unit.now - stated_at > _EXPLAINED_WITHIN:
            _ask_a_person(unit, account, stated_minor, stated_minor - difference, stated_at)


def _ask_a_person(
    unit: Unit, account: str, stated_minor: int, booked_minor: int, stated_at: datetime
) -> None:
    detail = f"{account}: provider {stated_minor}, books {booked_minor}"
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
    """What the account held before its first payment here, from that instant on.

    Raises Refused: opening_known (once only), opening_negative, reason_missing.
    """
    key = f"opening:{provider_account}"
    if has_entry(unit.connection, key):
        raise Refused("opening_known", account=provider_account)
    if opening_minor < 0:
        raise Refused("opening_negative", amount_minor=-opening_minor)
    clearing = f"clearing:{provider_account}"
    open_account(unit.connection, clearing, DEBIT)
    open_account(unit.connection, "equity:opening", CREDIT)
    legs = (
        Posting(clearing, DEBIT, opening_minor),
        Posting("equity:opening", CREDIT, opening_minor),
    )
    post_entries(unit.connection, held_at, [JournalEntry("opening", key, legs)])
    write_audit(
        unit, operator, "opening", "account", 0, reason,
        account=provider_account, opening_minor=opening_minor,
    )  # fmt: skip

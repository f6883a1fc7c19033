"""The double-entry ledger: entries with their postings, written in bulk, read as sums.

Amounts are positive minor units; the side says the direction. The database refuses unbalanced
entries at commit and any change afterwards (migrations/versions/0103/7_ledger_triggers.sql).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from core.db.bulk import insert_rows
from core.db.tables.payments import journal_entries, postings
from core.journal import JournalEntry


def post_entries(connection: Connection, now: datetime, entries: Sequence[JournalEntry]) -> None:
    """Write entries and their postings in two statements. Postings of zero are left out.

    What an entry does not say of its value date is filled in by the database
    (migrations/versions/0103/7_ledger_triggers.sql).
    """
    ids = insert_rows(
        connection,
        journal_entries,
        [
            {
                "kind": entry.kind,
                "idempotency_key": entry.idempotency_key,
                "posted_at": now,
                "value_at": entry.value_at,
                "value_on": entry.value_on,
            }
            for entry in entries
        ],
        returning="idempotency_key, id",
    )
    id_of = {row.idempotency_key: row.id for row in ids}
    insert_rows(
        connection,
        postings,
        [
            {
                "entry_id": id_of[entry.idempotency_key],
                "account": leg.account,
                "side": leg.side,
                "amount_minor": leg.amount_minor,
                "customer_id": leg.customer_id,
            }
            for entry in entries
            for leg in entry.legs
            if leg.amount_minor
        ],
    )


def is_posted(connection: Connection, idempotency_key: str) -> bool:
    """Return whether an entry with that key was posted."""
    return bool(
        connection.execute(
            text("SELECT EXISTS (SELECT FROM entry_ids WHERE idempotency_key = :key)"),
            {"key": idempotency_key},
        ).scalar_one()
    )


def posted_to(connection: Connection, idempotency_key: str, account: str) -> int:
    """Return debits minus credits of an account in the entry with that key; 0 without an entry."""
    return int(
        connection.execute(
            text(
                "SELECT coalesce(sum(CASE p.side WHEN 'debit' THEN p.amount_minor"
                " ELSE -p.amount_minor END), 0) FROM entry_ids e"
                " JOIN postings p ON p.entry_id = e.id"
                " WHERE e.idempotency_key = :key AND p.account = :account"
            ),
            {"key": idempotency_key, "account": account},
        ).scalar_one()
    )


def open_account(connection: Connection, code: str, normal_side: str) -> None:
    """Create an account if it is missing: clearing accounts appear with their provider account."""
    connection.execute(
        text(
            "INSERT INTO ledger_accounts (code, normal_side) VALUES (:code, :side)"
            " ON CONFLICT DO NOTHING"
        ),
        {"code": code, "side": normal_side},
    )


def lock_account(connection: Connection, code: str) -> None:
    """Let two acts that depend on the balance of an account wait for each other.

    No row is locked: that needs the right to change it, and no process may change an account.
    """
    connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:code, 2))"), {"code": code}
    )


def balance(connection: Connection, account: str) -> int:
    """Return debits minus credits of an account, in minor units."""
    return int(
        connection.execute(
            text(
                "SELECT coalesce(sum(CASE side WHEN 'debit' THEN amount_minor ELSE -amount_minor"
                " END), 0) FROM postings WHERE account = :account"
            ),
            {"account": account},
        ).scalar_one()
    )


ACCOUNT_OF = {
    "clawback": "receivable:clawback",
    "down_payment": "receivable:sales",
    "instalment": "receivable:sales",
    "access_rate": "receivable:access",
    "energy": "income:energy",
    "days": "income:days",
    "recovery": "income:recovery",
    "credit": "customer_credit",
}

"""What moved the office's cash and the bank, for the console."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from core.db.console.listing import Query


@dataclass(frozen=True, slots=True)
class OwnMovement:
    """A posting to `cash:office` or `bank`; one of the amounts is None. `receipt` is what the entry
    is known by."""

    posted_at: datetime
    value_on: date
    account: str
    kind: str
    receipt: str
    in_minor: int | None
    out_minor: int | None


OWN_MONEY = Query(
    OwnMovement,
    "e.posted_at, e.value_on, o.account, e.kind,"
    " coalesce(y.receipt, split_part(e.idempotency_key, ':', 2)) AS receipt,"
    " CASE o.side WHEN 'debit' THEN o.amount_minor END AS in_minor,"
    " CASE o.side WHEN 'credit' THEN o.amount_minor END AS out_minor",
    "postings o JOIN journal_entries e ON e.id = o.entry_id"
    " LEFT JOIN payments y ON e.kind IN ('received', 'reversed')"
    " AND y.id = CAST(substring(e.idempotency_key FROM '^[a-z]+:([0-9]+)') AS bigint)",
    key="o.id",
    where={
        "always": "o.account IN ('cash:office', 'bank')",
        "account": "o.account = :account",
        "since": "e.value_on >= :since",
    },
)

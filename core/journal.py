"""Journal entries of the double-entry ledger, and their postings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Side = Literal["debit", "credit"]


DEBIT: Side = "debit"


CREDIT: Side = "credit"


@dataclass(frozen=True, slots=True)
class Posting:
    """One leg. `customer_id` names the sub-ledger where the account has one."""

    account: str
    side: Side
    amount_minor: int
    customer_id: int | None = None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One event in the ledger. `idempotency_key` is unique for ever: one event, one entry."""

    kind: str
    idempotency_key: str
    legs: tuple[Posting, ...]

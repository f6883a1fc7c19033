"""Journal entries of the double-entry ledger, and their postings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Side = Literal["debit", "credit"]


DEBIT: Side = "debit"


CREDIT: Side = "credit"

# What was there before these books began: opening balances of accounts, imported sales.
OPENING = "equity:opening"


@dataclass(frozen=True, slots=True)
class Posting:
    """One leg. `customer_id` names the sub-ledger where the account has one."""

    account: str
    side: Side
    amount_minor: int
    customer_id: int | None = None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One event in the ledger. `idempotency_key` is unique for ever: one event, one entry.

    `value_at`: when it happened for the outside world, and `value_on` its date in the market. Give
    the instant where it is known, else the date; both None: now. An entry of which only the date is
    known counts from the beginning of that day.
    """

    kind: str
    idempotency_key: str
    legs: tuple[Posting, ...]
    value_at: datetime | None = None
    value_on: date | None = None


# The operator's own money, which no provider or agent holds, and the account of each.
OwnMoney = Literal["office", "bank"]
OWN_ACCOUNTS: dict[OwnMoney, str] = {"office": "cash:office", "bank": "bank"}


def receiving_account(provider_account: str) -> str:
    """Return the account that money received at a provider account, by an agent (`agent:7`), or by
    the operator (`office`, `bank`) stands on."""
    own = {str(place): account for place, account in OWN_ACCOUNTS.items()}
    return own.get(provider_account, f"clearing:{provider_account}")

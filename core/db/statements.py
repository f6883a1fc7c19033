"""The ledger beside a provider's statement: known receipts, payments of a period, balances."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Booked:
    """What the ledger has under a receipt. `id` is that of a payment, None for anything else.
    `value_at`: when it happened, as far as we know; `received_at`: when we heard of a payment,
    where that is asked for."""

    id: int | None
    receipt: str
    amount_minor: int
    state: str
    value_at: datetime
    received_at: datetime | None = None


def find_booked(
    connection: Connection, provider_account: str, receipts: Collection[str]
) -> dict[str, Booked]:
    """Return those of these receipts (in capitals) that are payments here, by receipt.

    An aggregator's statement may name a payment by our own reference of its prompt instead.
    """
    rows = connection.execute(
        text(
            "SELECT k.receipt AS name, id, k.receipt, p.amount_minor, p.state, p.paid_at"
            " FROM payment_ids k JOIN payments p USING (id)"
            " WHERE k.provider_account = :account AND k.receipt = ANY(:receipts)"
            " UNION ALL"
            " SELECT upper(r.checkout_reference), p.id, p.receipt, p.amount_minor, p.state,"
            " p.paid_at FROM prompts r JOIN payments p ON p.id = r.payment_id"
            " WHERE p.provider_account = :account AND upper(r.checkout_reference) = ANY(:receipts)"
        ),
        {"account": provider_account, "receipts": list(receipts)},
    )
    return {row[0]: Booked(*row[1:]) for row in rows}


def find_posted(connection: Connection, keys: Collection[str]) -> dict[str, tuple[int, datetime]]:
    """Return (amount in minor units, value instant) of the entries with these keys, by key."""
    rows = connection.execute(
        text(
            "SELECT e.idempotency_key, CAST(sum(o.amount_minor) AS bigint), e.value_at"
            " FROM entry_ids k JOIN journal_entries e USING (id)"
            " JOIN postings o ON o.entry_id = k.id AND o.side = 'debit'"
            " WHERE k.idempotency_key = ANY(:keys) GROUP BY e.id"
        ),
        {"keys": list(keys)},
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def unlisted_between(
    connection: Connection, provider_account: str, begin: datetime, end: datetime
) -> list[Booked]:
    """Return the payments of that account that no list of the provider had yet and that we heard
    of, or that were made, from `begin` to `end`, both included, in the order in which we heard of
    them; of those made earlier only what we heard of since `begin`.

    Payments that the provider reported when we asked are left out: they need no statement as proof.
    """
    rows = connection.execute(
        text(
            "SELECT id, receipt, amount_minor, state, paid_at, received_at FROM payments"
            " WHERE provider_account = :account AND listed_at IS NULL"
            " AND source NOT IN ('query', 'status')"
            " AND received_at BETWEEN :begin AND CAST(:end AS timestamptz) + interval '1 day'"
            " AND (received_at <= :end OR paid_at <= :end) ORDER BY received_at, id"
        ),
        {"account": provider_account, "begin": begin, "end": end},
    )
    return [Booked(*row) for row in rows]


def claim_pull(
    connection: Connection, provider_account: str, now: datetime, every: timedelta
) -> bool:
    """Return whether this account's statement is due to be requested; sets the next time."""
    claimed = connection.execute(
        text(
            "INSERT INTO statement_pulls AS p (provider_account, next_at) VALUES (:account, :next)"
            " ON CONFLICT (provider_account) DO UPDATE SET next_at = :next WHERE p.next_at <= :now"
            " RETURNING 1"
        ),
        {"account": provider_account, "now": now, "next": now + every},
    )
    return claimed.scalar_one_or_none() is not None


def next_pull_at(connection: Connection, provider_account: str) -> datetime | None:
    """Return when this account's statement is requested next; None when it never was."""
    next_at: datetime | None = connection.execute(
        text("SELECT next_at FROM statement_pulls WHERE provider_account = :account"),
        {"account": provider_account},
    ).scalar_one_or_none()
    return next_at


def live_since(connection: Connection, provider_account: str, timezone: str) -> datetime:
    """Return since when payments into that account were served here.

    That is the beginning of the day, in the market's zone, of its first payment, or without one of
    the day on which the market was set up; but never before its opening balance, which holds what
    moved earlier.
    """
    found: datetime = connection.execute(
        text(
            """
            SELECT greatest(
                date_trunc('day', coalesce(
                    (SELECT min(paid_at) FROM payments WHERE provider_account = :account),
                    (SELECT started_at FROM market)) AT TIME ZONE :zone) AT TIME ZONE :zone,
                (SELECT e.value_at FROM entry_ids k JOIN journal_entries e USING (id)
                  WHERE k.idempotency_key = 'opening:' || :account))
            """
        ),
        {"account": provider_account, "zone": timezone},
    ).scalar_one()
    return found


def set_started_at(connection: Connection, started_at: datetime) -> None:
    """Set when the operator began with this database, which is when it was loaded first."""
    connection.execute(text("UPDATE market SET started_at = :at"), {"at": started_at})


def first_paid_at(connection: Connection, provider_account: str) -> datetime | None:
    """Return when the oldest known payment into that account was made."""
    first_at: datetime | None = connection.execute(
        text("SELECT min(paid_at) FROM payments WHERE provider_account = :account"),
        {"account": provider_account},
    ).scalar_one()
    return first_at


def set_pull(connection: Connection, provider_account: str, next_at: datetime) -> None:
    """Set when this account's statement is requested next."""
    connection.execute(
        text(
            "INSERT INTO statement_pulls (provider_account, next_at) VALUES (:account, :next)"
            " ON CONFLICT (provider_account) DO UPDATE SET next_at = :next"
        ),
        {"account": provider_account, "next": next_at},
    )


def pull_again(
    connection: Connection, provider_account: str, now: datetime, after: timedelta
) -> None:
    """Request the statement again sooner than was set."""
    connection.execute(
        text("UPDATE statement_pulls SET next_at = :next WHERE provider_account = :account"),
        {"account": provider_account, "next": now + after},
    )


def clearing_at(connection: Connection, provider_account: str, at: datetime) -> int:
    """Return the ledger's balance of the provider account at that instant.

    Every movement counts from its value date, whenever we heard of it.
    """
    return int(
        connection.execute(
            text(
                """
                SELECT coalesce(sum(CASE o.side WHEN 'debit' THEN o.amount_minor
                                    ELSE -o.amount_minor END), 0)
                  FROM postings o JOIN journal_entries e ON e.id = o.entry_id
                 WHERE o.account = 'clearing:' || :account AND e.value_at <= :at
                """
            ),
            {"account": provider_account, "at": at},
        ).scalar_one()
    )


def keep_assertion(
    connection: Connection,
    now: datetime,
    provider_account: str,
    stated_at: datetime,
    amounts_minor: tuple[int, int, int],
) -> None:
    """Store (stated, ledger, late) for that instant; later ones for the same instant replace them.

    The ledger's holds what came late: movements that our clock put after the instant.
    """
    stated_minor, booked_minor, late_minor = amounts_minor
    connection.execute(
        text(
            "INSERT INTO balance_assertions AS b"
            " (provider_account, stated_at, stated_minor, booked_minor, late_minor, asserted_at)"
            " VALUES (:account, :stated_at, :stated, :booked, :late, :now)"
            " ON CONFLICT (provider_account, stated_at) DO UPDATE SET stated_minor = :stated,"
            " booked_minor = :booked, late_minor = :late, asserted_at = :now"
        ),
        {
            "account": provider_account,
            "stated_at": stated_at,
            "stated": stated_minor,
            "booked": booked_minor,
            "late": late_minor,
            "now": now,
        },
    )


def differing_assertions(
    connection: Connection, since: datetime
) -> list[tuple[str, datetime, int, int]]:
    """Return (account, instant, stated, late) where an account began to differ from the ledger
    after `since` and has not agreed again.
    """
    rows = connection.execute(
        text(
            """
            SELECT * FROM (
                SELECT DISTINCT ON (provider_account)
                       provider_account, stated_at, stated_minor, late_minor
                  FROM balance_assertions b
                 WHERE stated_minor <> booked_minor AND NOT EXISTS (
                       SELECT FROM balance_assertions a
                        WHERE a.provider_account = b.provider_account
                          AND a.stated_at > b.stated_at AND a.stated_minor = a.booked_minor)
                 ORDER BY provider_account, stated_at) began
             WHERE stated_at > :since ORDER BY provider_account
            """
        ),
        {"since": since},
    )
    return [(row.provider_account, row.stated_at, row.stated_minor, row.late_minor) for row in rows]

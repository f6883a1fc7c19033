"""Payments that were not believed when they were announced, and the provider's word about them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, text

from core.db.typed_rows import all_rows, row_or_none
from core.payment import DoubtReason, Evidence, ProviderWord, WordState

_WAITING: tuple[WordState, ...] = ("waiting",)
_COLUMNS = (
    "w.payment_id, p.receipt, p.provider_account, p.amount_minor, w.reason, w.state, w.attempts,"
    " w.asked_for_at"
)
_TABLES = "provider_words w JOIN payments p ON p.id = w.payment_id"


def insert_word(
    connection: Connection, now: datetime, payment_id: int, reason: DoubtReason, ask_at: datetime
) -> None:
    """Store that a new payment waits for its provider's word, which is asked for at `ask_at`."""
    connection.execute(
        text(
            "INSERT INTO provider_words (payment_id, reason, asked_for_at, next_attempt_at)"
            " VALUES (:id, :reason, :now, :ask_at)"
        ),
        {"id": payment_id, "reason": reason, "now": now, "ask_at": ask_at},
    )


def find_word(connection: Connection, payment_id: int) -> ProviderWord | None:
    """Return what is known of the provider's word about a payment; None where it is not needed."""
    return row_or_none(
        connection,
        ProviderWord,
        f"SELECT {_COLUMNS} FROM {_TABLES} WHERE w.payment_id = :id",
        id=payment_id,
    )


def claim_due_words(connection: Connection, now: datetime, limit: int) -> list[ProviderWord]:
    """Lock payments whose provider is to be asked now; rows that others lock are skipped."""
    return all_rows(
        connection,
        ProviderWord,
        f"SELECT {_COLUMNS} FROM {_TABLES} WHERE w.state = 'waiting' AND w.next_attempt_at <= :now"
        " ORDER BY w.next_attempt_at LIMIT :limit FOR NO KEY UPDATE OF p SKIP LOCKED",
        now=now,
        limit=limit,
    )


def plan_word(connection: Connection, payment_id: int, ask_at: datetime | None) -> None:
    """Store that the provider is asked once more, and when next; None: it has been asked enough."""
    connection.execute(
        text(
            "UPDATE provider_words SET attempts = attempts + 1, next_attempt_at = :ask_at"
            " WHERE payment_id = :id AND state = 'waiting'"
        ),
        {"id": payment_id, "ask_at": ask_at},
    )


def end_words(
    connection: Connection,
    now: datetime,
    payment_ids: Collection[int],
    state: WordState,
    since: Collection[WordState] = _WAITING,
) -> list[int]:
    """Store what became of asking, where it is in one of the states `since`; returns the ids of the
    payments for which that is new."""
    ended = connection.execute(
        text(
            "UPDATE provider_words SET state = :state, ended_at = :now, next_attempt_at = NULL"
            " WHERE payment_id = ANY(:ids) AND state = ANY(:since) RETURNING payment_id"
        ),
        {"ids": list(payment_ids), "state": state, "now": now, "since": list(since)},
    )
    return list(ended.scalars())


def is_forgery_open(connection: Connection, provider_account: str, evidence: Evidence) -> bool:
    """Return whether an open case tells of a payment into that account that its provider did not
    make, and that was announced with no better evidence than this."""
    return bool(
        connection.execute(
            text(
                "SELECT EXISTS (SELECT FROM cases k LEFT JOIN payments p ON p.id = k.payment_id"
                " WHERE k.closed_at IS NULL AND CASE k.kind"
                " WHEN 'not_on_statement' THEN p.provider_account = :account"
                " AND (p.evidence = 'proved' OR :evidence <> 'proved')"
                " WHEN 'forged_confirmation' THEN :evidence <> 'proved'"
                " AND starts_with(k.dedupe_key, 'forged_confirmation:' || :account || ':')"
                " ELSE false END)"
            ),
            {"account": provider_account, "evidence": evidence},
        ).scalar_one()
    )


def count_forgeries(connection: Connection, provider_account: str) -> tuple[int, bool]:
    """Return how many cases told of forged confirmations for that account, and whether one of them
    is open."""
    count, is_open = connection.execute(
        text(
            "SELECT count(*), coalesce(bool_or(closed_at IS NULL), false) FROM cases"
            " WHERE kind = 'forged_confirmation'"
            " AND starts_with(dedupe_key, 'forged_confirmation:' || :account || ':')"
        ),
        {"account": provider_account},
    ).one()
    return count, is_open

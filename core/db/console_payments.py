"""Payments for the console: the list, and the whole story of one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, text

from core.db.console_lists import Query

_TABLES = (
    "payments p LEFT JOIN customers c ON c.id = p.customer_id"
    " LEFT JOIN devices d ON d.id = p.device_id"
)
_COLUMNS = (
    "p.id, p.received_at, p.receipt, p.provider_account, p.door, p.amount_minor, p.account_raw,"
    " p.purpose, p.state, p.customer_id, concat_ws(' ', c.name, c.surname) AS customer,"
    " p.device_id, d.serial, p.payer_kind, p.payer, p.paid_at, p.applied_at, p.credit_used_minor,"
    " p.problem, p.attempts"
)

PAYMENTS = Query(
    _COLUMNS,
    _TABLES,
    key="p.id",
    where={
        "state": "p.state = :state",
        "receipt": "p.receipt = :receipt",
        "payer": "p.payer IN (:payer, :payer_sha256)",
        "since": "p.received_at >= :since",
        "until": "p.received_at < :until",
    },
)
# The oldest first: who waits longest is helped first.
SUSPENSE = Query(
    _COLUMNS,
    _TABLES,
    key="p.id",
    newest_first=False,
    where={"always": "p.state = 'suspense'"},
)

CASES = Query(
    "k.id, k.opened_at, k.closed_at, k.kind, k.detail, k.payment_id, p.receipt,"
    " CASE WHEN k.closed_at IS NULL THEN 'open' ELSE 'closed' END AS state",
    "cases k LEFT JOIN payments p ON p.id = k.payment_id",
    key="k.id",
    where={"open": "k.closed_at IS NULL", "closed": "k.closed_at IS NOT NULL"},
)


def find_payment(connection: Connection, payment_id: int) -> Row[Any] | None:
    """One payment, as in the list."""
    return connection.execute(
        text(f"SELECT {_COLUMNS} FROM {_TABLES} WHERE p.id = :id"), {"id": payment_id}
    ).one_or_none()


# Every event of a payment has a key of a word and its id, or its refund's; and the number of the
# time where it can happen again.
_ENTRIES = text(
    """
    SELECT e.id, e.kind, e.posted_at, o.account, o.side, o.amount_minor
      FROM journal_entries e JOIN postings o ON o.entry_id = e.id
     WHERE e.idempotency_key = ANY(ARRAY(
               SELECT word || ':' || :id FROM unnest(CAST(:words AS text[])) AS word)
           || ARRAY(SELECT word || ':' || :id || ':' || time FROM generate_series(2, 9) AS time,
                    unnest(CAST(:again AS text[])) AS word)
           || ARRAY(SELECT word || ':' || r.id FROM refunds r, unnest(CAST(:refund AS text[]))
                    AS word WHERE r.payment_id = :id))
     ORDER BY e.id, o.id
    """
)
_WORDS = ["received", "applied", "matched", "unmatched", "reversed", "unapplied"]
_AGAIN = ["matched", "unmatched"]
_REFUND_WORDS = ["refund_requested", "refund_done", "refund_failed", "refund_after_all"]


def postings_of(connection: Connection, payment_id: int) -> list[Row[Any]]:
    """Every posting a payment caused, entry by entry."""
    return list(
        connection.execute(
            _ENTRIES,
            {"id": payment_id, "words": _WORDS, "again": _AGAIN, "refund": _REFUND_WORDS},
        )
    )


def tokens_of(connection: Connection, payment_id: int) -> list[Row[Any]]:
    """(id, serial, kind, units, issued) of a payment's tokens: never their text."""
    rows = connection.execute(
        text(
            "SELECT t.id, d.serial, t.kind, t.units, t.issued_at FROM tokens t"
            " JOIN devices d ON d.id = t.device_id WHERE t.payment_id = :id ORDER BY t.id"
        ),
        {"id": payment_id},
    )
    return list(rows)


def token_text(connection: Connection, token_id: int) -> Row[Any] | None:
    """(text, family, payment, serial, kind, units, order) of a token, for somebody who asked to see
    it."""
    return connection.execute(
        text(
            "SELECT t.text, m.token_family AS family, t.payment_id, d.serial, t.kind, t.units,"
            " (SELECT order_id FROM ordered_tokens o WHERE o.token_id = t.id) AS order_id"
            " FROM tokens t"
            " JOIN devices d ON d.id = t.device_id"
            " JOIN manufacturers m ON m.id = d.manufacturer_id WHERE t.id = :id"
        ),
        {"id": token_id},
    ).one_or_none()


def texts_of(connection: Connection, payment_id: int) -> list[Row[Any]]:
    """The texts of a payment and the last delivery report on each."""
    rows = connection.execute(
        text(
            "SELECT s.id, s.kind, s.msisdn, s.state, s.segments, s.created_at, s.sent_at,"
            " s.provider_status, s.cost, (SELECT concat_ws(', ', status, failure_reason)"
            " FROM delivery_reports r WHERE r.provider_message_id = s.provider_message_id"
            " ORDER BY r.id DESC LIMIT 1) AS report"
            " FROM sms s WHERE s.payment_id = :id ORDER BY s.id"
        ),
        {"id": payment_id},
    )
    return list(rows)


def refunds_of(connection: Connection, payment_id: int) -> list[Row[Any]]:
    """Attempts to send the money back."""
    rows = connection.execute(
        text(
            "SELECT id, amount_minor, state, provider_code, requested_at, ended_at FROM refunds"
            " WHERE payment_id = :id ORDER BY id"
        ),
        {"id": payment_id},
    )
    return list(rows)


def cases_of(connection: Connection, payment_id: int) -> list[Row[Any]]:
    """What only a person can settle about it."""
    rows = connection.execute(
        text(
            "SELECT id, kind, detail, opened_at, closed_at FROM cases WHERE payment_id = :id"
            " ORDER BY id"
        ),
        {"id": payment_id},
    )
    return list(rows)

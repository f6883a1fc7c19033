"""Payments for the console: the list, and the whole story of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import Connection, text

from core.db.console.listing import Query
from core.db.typed_rows import all_rows, row_or_none
from core.journal import Side
from core.message import SmsState
from core.payment import (
    LineKind,
    PayerKind,
    PaymentPurpose,
    PaymentState,
    normalise_receipt,
)
from core.refund import RefundState


@dataclass(frozen=True, slots=True)
class PaymentDetails:
    """A payment, in the list and on its page. `account_raw` is what the payer typed as account;
    `customer` is empty and `serial` None while the payment is not matched to a device."""

    id: int
    received_at: datetime
    receipt: str
    provider_account: str
    source: str
    amount_minor: int
    currency: str
    account_raw: str
    purpose: PaymentPurpose
    state: PaymentState
    customer_id: int | None
    customer: str
    device_id: int | None
    serial: str | None
    payer_kind: PayerKind
    payer: str | None
    paid_at: datetime
    applied_at: datetime | None
    credit_used_minor: int
    returned_minor: int
    problem: str | None
    attempts: int


_TABLES = (
    "payments p LEFT JOIN customers c ON c.id = p.customer_id"
    " LEFT JOIN devices d ON d.id = p.device_id"
)
_COLUMNS = (
    "p.id, p.received_at, p.receipt, p.provider_account, p.source, p.amount_minor, p.currency,"
    " p.account_raw,"
    " p.purpose, p.state, p.customer_id, concat_ws(' ', c.name, c.surname) AS customer,"
    " p.device_id, d.serial, p.payer_kind, p.payer, p.paid_at, p.applied_at, p.credit_used_minor,"
    " p.returned_minor, p.problem, p.attempts"
)

_WITH_RECEIPT = "p.id = ANY(ARRAY(SELECT id FROM payment_ids WHERE receipt = :receipt))"

PAYMENTS = Query(
    PaymentDetails,
    _COLUMNS,
    _TABLES,
    key="p.id",
    where={
        "state": "(p.state = :state OR :state = 'held' AND p.state = 'received'"
        " AND p.next_attempt_at >= '9999-01-01Z')",
        "receipt": _WITH_RECEIPT,
        "payer": "p.payer IN (:payer, :payer_sha256)",
        "since": "p.received_at >= :since",
        "until": "p.received_at < :until",
    },
)
# The oldest first.
SUSPENSE = Query(
    PaymentDetails,
    _COLUMNS,
    _TABLES,
    key="p.id",
    newest_first=False,
    where={"always": "p.state = 'suspense'"},
)


def find_payment_details(connection: Connection, payment_id: int) -> PaymentDetails | None:
    """Return the payment with that id."""
    return row_or_none(
        connection,
        PaymentDetails,
        f"SELECT {_COLUMNS} FROM {_TABLES} WHERE p.id = :id",
        id=payment_id,
    )


def payments_with_receipt(connection: Connection, receipt: str) -> list[PaymentDetails]:
    """Return the payments with that receipt, the oldest first.

    There are several only if several provider accounts have used the receipt.
    """
    return all_rows(
        connection,
        PaymentDetails,
        f"SELECT {_COLUMNS} FROM {_TABLES} WHERE {_WITH_RECEIPT} ORDER BY p.id",
        receipt=normalise_receipt(receipt),
    )


@dataclass(frozen=True, slots=True)
class PaymentAllocation:
    """A part of a payment and what it was used for; `serial` is that of the device.

    `returned_minor` of it was taken back since."""

    kind: LineKind
    amount_minor: int
    serial: str | None
    returned_minor: int


def allocations_of_payment(connection: Connection, payment_id: int) -> list[PaymentAllocation]:
    """Return the allocations of a payment in their order. Suspense is one allocation."""
    return all_rows(
        connection,
        PaymentAllocation,
        "SELECT kind, amount_minor, serial, returned_minor FROM ("
        " SELECT l.kind, l.amount_minor, d.serial, l.number,"
        " (SELECT coalesce(sum(b.amount_minor), 0)::bigint FROM payment_return_lines b"
        " WHERE b.payment_id = l.payment_id AND b.number = l.number) AS returned_minor"
        " FROM payment_lines l"
        " LEFT JOIN access_charges a ON a.id = l.access_charge_id"
        " LEFT JOIN devices d ON d.id = coalesce(l.device_id, a.device_id)"
        " WHERE l.payment_id = :id"
        " UNION ALL SELECT 'suspense', amount_minor - returned_minor, NULL, 1, 0 FROM payments"
        " WHERE id = :id AND state = 'suspense') allocations ORDER BY number",
        id=payment_id,
    )


@dataclass(frozen=True, slots=True)
class PaymentPosting:
    """A posting of a journal entry; `side` is `debit` or `credit`."""

    account: str
    side: Side
    amount_minor: int


@dataclass(frozen=True, slots=True)
class PaymentEntry:
    """A journal entry that a payment caused, with its postings."""

    kind: str
    posted_at: datetime
    postings: tuple[PaymentPosting, ...]


# The key of a journal entry is the kind of event and the id of the payment or of its refund. An
# event that can happen several times adds a number, starting with 2.
_ENTRIES = text(
    """
    SELECT e.id, e.kind, e.posted_at, o.account, o.side, o.amount_minor
      FROM entry_ids k JOIN journal_entries e USING (id) JOIN postings o ON o.entry_id = k.id
     WHERE k.idempotency_key = ANY(ARRAY(
               SELECT word || ':' || :id FROM unnest(CAST(:words AS text[])) AS word)
           || ARRAY(SELECT word || ':' || :id || ':' || time FROM generate_series(2, 9) AS time,
                    unnest(CAST(:again AS text[])) AS word)
           || ARRAY(SELECT word || ':' || :id || ':' || b.number FROM payment_returns b,
                    unnest(CAST(:returned AS text[])) AS word
                     WHERE b.payment_id = :id AND b.number > 1)
           || ARRAY(SELECT word || ':' || r.id FROM refunds r, unnest(CAST(:refund AS text[]))
                    AS word WHERE r.payment_id = :id))
     ORDER BY e.id, o.id
    """
)
_WORDS = ["received", "credit_used", "applied", "matched", "unmatched", "reversed", "unapplied"]
_AGAIN = ["matched", "unmatched"]
_RETURN_WORDS = ["reversed", "unapplied"]
_REFUND_WORDS = ["refund_requested", "refund_done", "refund_failed", "refund_after_all"]


def entries_of_payment(connection: Connection, payment_id: int) -> list[PaymentEntry]:
    """Return the journal entries that a payment caused, the oldest first."""
    values = {"id": payment_id, "words": _WORDS, "again": _AGAIN, "refund": _REFUND_WORDS}
    values["returned"] = _RETURN_WORDS
    rows = connection.execute(_ENTRIES, values)
    entries = []
    for _, group in groupby(rows, lambda row: row.id):
        legs = list(group)
        postings = (PaymentPosting(leg.account, leg.side, leg.amount_minor) for leg in legs)
        entries.append(PaymentEntry(legs[0].kind, legs[0].posted_at, tuple(postings)))
    return entries


@dataclass(frozen=True, slots=True)
class PaymentSms:
    """An SMS about a payment. `report`: the newest delivery report."""

    id: int
    kind: str
    msisdn: str
    state: SmsState
    created_at: datetime
    sent_at: datetime | None
    provider_status: str | None
    report: str | None


def sms_of_payment(connection: Connection, payment_id: int) -> list[PaymentSms]:
    """Return the SMS about a payment, the oldest first, without their text."""
    return all_rows(
        connection,
        PaymentSms,
        "SELECT s.id, s.kind, s.msisdn, s.state, s.created_at, s.sent_at,"
        " s.provider_status, (SELECT concat_ws(', ', status, failure_reason)"
        " FROM delivery_reports r WHERE r.provider_message_id = s.provider_message_id"
        " ORDER BY r.id DESC LIMIT 1) AS report"
        " FROM sms s WHERE s.payment_id = :id ORDER BY s.id",
        id=payment_id,
    )


@dataclass(frozen=True, slots=True)
class PaymentRefund:
    """An attempt to send the money of a payment back."""

    id: int
    amount_minor: int
    state: RefundState
    provider_code: str | None
    requested_at: datetime


def refunds_of_payment(connection: Connection, payment_id: int) -> list[PaymentRefund]:
    """Return the refunds of a payment, the oldest first."""
    return all_rows(
        connection,
        PaymentRefund,
        "SELECT id, amount_minor, state, provider_code, requested_at FROM refunds"
        " WHERE payment_id = :id ORDER BY id",
        id=payment_id,
    )

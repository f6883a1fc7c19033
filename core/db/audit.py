"""Audit rows, cases and clawbacks: written here; only a case changes, when it is closed."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from core.db.typed_rows import row_or_none


def insert_audit(connection: Connection, now: datetime, values: Mapping[str, object]) -> None:
    """Store who did what to which row, and why; `details` is anything JSON can hold."""
    connection.execute(
        text(
            "INSERT INTO audit_log"
            " (acted_at, operator, action, subject, subject_id, reason, details) VALUES"
            " (:now, :operator, :action, :subject, :subject_id, :reason, CAST(:details AS jsonb))"
        ),
        {**values, "now": now, "details": json.dumps(values["details"])},
    )


def note_once(connection: Connection, now: datetime, key: str) -> bool:
    """Store that what `key` names was noted. Returns False if it was noted before."""
    noted = connection.execute(
        text("INSERT INTO audit_once (key, noted_at) VALUES (:key, :now) ON CONFLICT DO NOTHING"),
        {"key": key, "now": now},
    )
    return noted.rowcount == 1


def count_noted(connection: Connection, prefix: str) -> int:
    """Return how many noted keys begin with `prefix`."""
    return int(
        connection.execute(
            text("SELECT count(*) FROM audit_once WHERE starts_with(key, :prefix)"),
            {"prefix": prefix},
        ).scalar_one()
    )


def open_case(
    connection: Connection,
    now: datetime,
    kind: str,
    dedupe_key: str,
    detail: str,
    payment_id: int | None = None,
) -> bool:
    """Open a case for an operator. Returns False if there was one with the same kind and key."""
    opened = connection.execute(
        text(
            "INSERT INTO cases (dedupe_key, kind, detail, payment_id, opened_at)"
            " VALUES (:key, :kind, :detail, :payment_id, :now) ON CONFLICT DO NOTHING"
        ),
        {
            "key": f"{kind}:{dedupe_key}",
            "kind": kind,
            "detail": detail[:500],
            "payment_id": payment_id,
            "now": now,
        },
    )
    return opened.rowcount == 1


@dataclass(frozen=True, slots=True)
class CaseDraft:
    """A case to open, as `open_case` takes it."""

    kind: str
    dedupe_key: str
    detail: str
    payment_id: int | None = None


def open_drafts(
    connection: Connection, now: datetime, drafts: Collection[CaseDraft]
) -> list[CaseDraft]:
    """Open cases in the order of their keys, which is the order of their locks; returns the new."""
    ordered = sorted(drafts, key=lambda draft: f"{draft.kind}:{draft.dedupe_key}")
    return [
        draft
        for draft in ordered
        if open_case(connection, now, draft.kind, draft.dedupe_key, draft.detail, draft.payment_id)
    ]


def close_cases(
    connection: Connection, now: datetime, kind: str, payment_ids: Collection[int]
) -> None:
    """Close the open cases of that kind about those payments."""
    connection.execute(
        text(
            "UPDATE cases SET closed_at = :now WHERE kind = :kind AND closed_at IS NULL"
            " AND payment_id = ANY(:ids)"
        ),
        {"now": now, "kind": kind, "ids": list(payment_ids)},
    )


def open_details(connection: Connection, kind: str, payment_id: int) -> list[str]:
    """Return what the open cases of that kind about a payment say, the oldest first."""
    rows = connection.execute(
        text(
            "SELECT detail FROM cases WHERE kind = :kind AND payment_id = :id"
            " AND closed_at IS NULL ORDER BY id"
        ),
        {"kind": kind, "id": payment_id},
    )
    return list(rows.scalars())


def close_cases_about(
    connection: Connection, now: datetime, kind: str, subject_ids: Collection[int]
) -> None:
    """Close the open cases of that kind whose key begins with one of these ids: `id:...`."""
    connection.execute(
        text(
            "UPDATE cases SET closed_at = :now WHERE kind = :kind AND closed_at IS NULL"
            " AND CAST(split_part(dedupe_key, ':', 2) AS bigint) = ANY(:ids)"
        ),
        {"now": now, "kind": kind, "ids": list(subject_ids)},
    )


def close_cases_by_key(connection: Connection, now: datetime, *dedupe_keys: str) -> None:
    """Close the open cases with these keys, each given as `kind:key`."""
    connection.execute(
        text(
            "UPDATE cases SET closed_at = :now WHERE dedupe_key = ANY(:keys) AND closed_at IS NULL"
        ),
        {"now": now, "keys": list(dedupe_keys)},
    )


def closed_among(connection: Connection, dedupe_keys: Collection[str]) -> set[str]:
    """Return those of these keys, each given as `kind:key`, whose case a person has closed."""
    return set(
        connection.execute(
            text(
                "SELECT dedupe_key FROM cases"
                " WHERE dedupe_key = ANY(:keys) AND closed_at IS NOT NULL"
            ),
            {"keys": list(dedupe_keys)},
        ).scalars()
    )


@dataclass(frozen=True, slots=True)
class ClosedCase:
    """What a case was about: a payment, or the row that its key names."""

    kind: str
    payment_id: int | None
    dedupe_key: str

    @property
    def about(self) -> int:
        """The id of the row that the key names, as `kind:id`."""
        return int(self.dedupe_key.rsplit(":", 1)[1])


def close_open_case(connection: Connection, case_id: int, now: datetime) -> ClosedCase | None:
    """Close one case. Return None if there is no open case with that id."""
    return row_or_none(
        connection,
        ClosedCase,
        "UPDATE cases SET closed_at = :now WHERE id = :id AND closed_at IS NULL"
        " RETURNING kind, payment_id, dedupe_key",
        id=case_id,
        now=now,
    )


def add_clawback(
    connection: Connection, now: datetime, payment: tuple[int, int], due_on: date, amount_minor: int
) -> None:
    """Store what a customer owes for a payment that was taken back after it was used; `payment` has
    the ids of the customer and the payment. Taken back in parts, it is one row that grows."""
    customer_id, payment_id = payment
    connection.execute(
        text(
            "INSERT INTO clawbacks (customer_id, payment_id, amount_minor, due_on, raised_at)"
            " VALUES (:customer_id, :payment_id, :amount_minor, :due_on, :now)"
            " ON CONFLICT (payment_id) DO UPDATE"
            " SET amount_minor = clawbacks.amount_minor + excluded.amount_minor"
        ),
        {
            "customer_id": customer_id,
            "payment_id": payment_id,
            "amount_minor": amount_minor,
            "due_on": due_on,
            "now": now,
        },
    )

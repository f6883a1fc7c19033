"""Sales whose past happened elsewhere: what of them was paid before they came here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class OpeningPart:
    """One instalment, in the order in which money closes them."""

    id: int
    due_on: date
    amount_minor: int


@dataclass(frozen=True, slots=True)
class OpeningSale:
    """A sale with its instalments; `opened_minor`: what was taken over as paid, None: nothing yet
    was."""

    id: int
    reference: str
    customer_id: int
    total_minor: int
    opened_minor: int | None
    parts: tuple[OpeningPart, ...]


def lock_sales(connection: Connection, references: Collection[str]) -> list[OpeningSale]:
    """The sales with those references, their customers locked. One that was touched by a payment
    and has no opening entry counts as opened with nothing: it began here."""
    connection.execute(
        text(
            "SELECT FROM customers WHERE id IN (SELECT customer_id FROM sales"
            " WHERE reference = ANY(:references)) ORDER BY id FOR UPDATE"
        ),
        {"references": list(references)},
    )
    rows = connection.execute(
        text(
            """
            SELECT s.id, s.reference, s.customer_id, s.total_minor,
                   coalesce((SELECT sum(p.amount_minor) FROM journal_entries e
                               JOIN postings p ON p.entry_id = e.id AND p.side = 'debit'
                              WHERE e.idempotency_key = 'opening:sale:' || s.id),
                            CASE WHEN sum(i.paid_minor) > 0 THEN 0 END) AS opened_minor,
                   array_agg(i.id ORDER BY i.number) AS ids,
                   array_agg(i.due_on ORDER BY i.number) AS due_on,
                   array_agg(i.amount_minor ORDER BY i.number) AS amounts
              FROM sales s JOIN instalments i ON i.sale_id = s.id
             WHERE s.reference = ANY(:references)
             GROUP BY s.id
            """
        ),
        {"references": list(references)},
    )
    return [
        OpeningSale(
            row.id,
            row.reference,
            row.customer_id,
            row.total_minor,
            None if row.opened_minor is None else int(row.opened_minor),
            tuple(
                OpeningPart(*part) for part in zip(row.ids, row.due_on, row.amounts, strict=True)
            ),
        )
        for row in rows
    ]


def set_paid(connection: Connection, paid_minor: Mapping[int, int]) -> None:
    """How much of each instalment is paid; a sale with nothing left open is complete."""
    connection.execute(
        text(
            """
            WITH paid AS (
                UPDATE instalments SET paid_minor = given.paid_minor
                  FROM unnest(CAST(:ids AS bigint[]), CAST(:paid AS bigint[]))
                       AS given (id, paid_minor)
                 WHERE instalments.id = given.id
                RETURNING instalments.id, sale_id, instalments.paid_minor, amount_minor
            )
            UPDATE sales SET state = 'complete'
             WHERE id IN (SELECT sale_id FROM paid) AND state = 'open'
               AND NOT EXISTS (SELECT FROM instalments i LEFT JOIN paid p ON p.id = i.id
                                WHERE i.sale_id = sales.id
                                  AND coalesce(p.paid_minor, i.paid_minor) < i.amount_minor)
            """
        ),
        {"ids": list(paid_minor), "paid": list(paid_minor.values())},
    )


def codes_by_name(connection: Connection, table: str) -> dict[str, str | None]:
    """Codes by name and by code, in small letters; None for a name that several have."""
    codes: dict[str, str | None] = {}
    for code, name in connection.execute(text(f"SELECT code, name FROM {table} ORDER BY id")):
        for word in {name.casefold(), code.casefold()}:
            codes[word] = code if codes.get(word, code) == code else None
    return codes

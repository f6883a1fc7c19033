"""Queries for money of payments that went back: each way back is a row, with the lines it took."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from core.refund import MoneyBackFrom


@dataclass(frozen=True, slots=True)
class Return:
    """One way back. `excess_minor` left the account as well, though the payment had no more."""

    id: int
    number: int
    amount_minor: int
    excess_minor: int
    source: MoneyBackFrom
    reference: str | None
    happened_at: datetime

    @property
    def moved_minor(self) -> int:
        return self.amount_minor + self.excess_minor

    def is_told_by(self, reference: str | None, moved_minor: int) -> bool:
        """Whether a provider's news is about this way back. Without both receipts the amount
        decides: news that cannot be told from old news is old news."""
        if reference and self.reference and self.reference != reference:
            return False
        return self.source == "provider" and self.moved_minor == moved_minor


_COLUMNS = "r.id, r.number, r.amount_minor, r.excess_minor, r.source, r.reference, r.happened_at"


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """What a return took of the payment's line with that number; `clawback_minor` of it was used
    up."""

    number: int
    amount_minor: int
    clawback_minor: int


def returns_of(connection: Connection, payment_id: int) -> list[Return]:
    """Return the ways back of a payment's money, the oldest first."""
    rows = connection.execute(
        text(f"SELECT {_COLUMNS} FROM payment_returns r WHERE payment_id = :id ORDER BY number"),
        {"id": payment_id},
    )
    return [Return(*row) for row in rows]


def provider_returns(
    connection: Connection, provider_account: str, receipts: Collection[str]
) -> dict[str, list[Return]]:
    """Return what went back from a provider account, by the receipts of the payments."""
    rows = connection.execute(
        text(
            f"SELECT p.receipt, {_COLUMNS} FROM payment_ids p JOIN payment_returns r"
            " ON r.payment_id = p.id WHERE p.provider_account = :account"
            " AND p.receipt = ANY(:receipts) AND r.source = 'provider' ORDER BY r.number"
        ),
        {"account": provider_account, "receipts": list(receipts)},
    )
    found: dict[str, list[Return]] = {}
    for receipt, *columns in rows:
        found.setdefault(receipt, []).append(Return(*columns))
    return found


def insert_return(connection: Connection, values: dict[str, object]) -> Return:
    """Store a way back. Its number counts those of the payment, which is locked."""
    row = connection.execute(
        text(
            "INSERT INTO payment_returns AS r (payment_id, number, amount_minor, excess_minor,"
            " source, reference, happened_at, booked_at)"
            " SELECT :payment_id, count(*) + 1, :amount_minor, :excess_minor, :source, :reference,"
            " :happened_at, :booked_at FROM payment_returns WHERE payment_id = :payment_id"
            f" RETURNING {_COLUMNS}"
        ),
        values,
    ).one()
    return Return(*row)


def insert_returned_lines(
    connection: Connection, return_id: int, lines: Sequence[ReturnedLine]
) -> None:
    """Store what a way back took of each line."""
    connection.execute(
        text(
            "INSERT INTO payment_return_lines (return_id, payment_id, number, amount_minor,"
            " clawback_minor) SELECT r.id, r.payment_id, took.* FROM payment_returns r, unnest("
            "CAST(:numbers AS smallint[]), CAST(:amounts AS bigint[]),"
            " CAST(:clawbacks AS bigint[])) AS took WHERE r.id = :id"
        ),
        {
            "id": return_id,
            "numbers": [line.number for line in lines],
            "amounts": [line.amount_minor for line in lines],
            "clawbacks": [line.clawback_minor for line in lines],
        },
    )


def learn_reference(connection: Connection, return_id: int, reference: str) -> None:
    """Store the provider's receipt of a way back that was recorded without one."""
    connection.execute(
        text("UPDATE payment_returns SET reference = :reference WHERE id = :id"),
        {"id": return_id, "reference": reference},
    )


def sent_from(
    connection: Connection, provider_account: str, references: Collection[str]
) -> dict[str, tuple[int, datetime]]:
    """Return how much left a provider account under each of these receipts (in capitals), and when,
    as we know it: money of payments, and credit that was given back there."""
    rows = connection.execute(
        text(
            "SELECT upper(reference), CAST(sum(moved) AS bigint), max(happened_at) FROM ("
            " SELECT r.reference, r.amount_minor + r.excess_minor AS moved, r.happened_at"
            " FROM payment_returns r JOIN payments p ON p.id = r.payment_id"
            " WHERE r.source = 'provider' AND p.provider_account = :account"
            " AND upper(r.reference) = ANY(:references)"
            " UNION ALL SELECT reference, amount_minor, happened_at FROM credit_acts"
            " WHERE provider_account = :account AND upper(reference) = ANY(:references)) sent"
            " GROUP BY 1"
        ),
        {"account": provider_account, "references": [text.upper() for text in references]},
    )
    return {row[0]: (row[1], row[2]) for row in rows}

"""Queries for credit of customers that an operator gives back, moves or uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from core.credit import CreditActKind
from core.db.typed_rows import all_rows
from core.refund import MoneyBackFrom


def find_act_amount(
    connection: Connection, kind: CreditActKind, customer_id: int, reference: str
) -> int | None:
    """Return the amount of an act that was recorded under that reference, or None."""
    amount: int | None = connection.execute(
        text(
            "SELECT amount_minor FROM credit_acts"
            " WHERE customer_id = :id AND kind = :kind AND reference = :reference"
        ),
        {"id": customer_id, "kind": kind, "reference": reference},
    ).scalar_one_or_none()
    return amount


def insert_act(connection: Connection, values: Mapping[str, object]) -> int:
    """Store an act; its id. All columns must be there."""
    return int(
        connection.execute(
            text(
                "INSERT INTO credit_acts (kind, customer_id, to_customer_id, amount_minor, source,"
                " provider_account, reference, happened_at, booked_at)"
                " VALUES (:kind, :customer_id, :to_customer_id, :amount_minor, :source,"
                " :provider_account, :reference, :happened_at, :booked_at) RETURNING id"
            ),
            values,
        ).scalar_one()
    )


def unsettled_payment(connection: Connection, customer_id: int) -> str | None:
    """Return the receipt of a payment of the customer that is not settled: it waits to be applied,
    is being sent back, or the provider says of it what cannot be true; None if there is none."""
    receipt: str | None = connection.execute(
        text(
            "SELECT receipt FROM payments p WHERE customer_id = :id"
            " AND (state IN ('received', 'refunding') OR EXISTS (SELECT FROM cases c"
            " WHERE c.payment_id = p.id AND c.kind = 'return_unclear' AND c.closed_at IS NULL))"
            " ORDER BY p.id LIMIT 1"
        ),
        {"id": customer_id},
    ).scalar_one_or_none()
    return receipt


def has_account(connection: Connection, provider_account: str) -> bool:
    """Return whether money was ever received on this provider account."""
    return bool(
        connection.execute(
            text(
                "SELECT EXISTS (SELECT FROM ledger_accounts WHERE code = 'clearing:' || :account)"
            ),
            {"account": provider_account},
        ).scalar_one()
    )


def provider_accounts(connection: Connection) -> list[str]:
    """Return the provider accounts that received money, agents left out."""
    return list(
        connection.execute(
            text(
                "SELECT substr(code, 10) FROM ledger_accounts WHERE code LIKE 'clearing:%'"
                " AND code NOT LIKE 'clearing:agent:%' ORDER BY code"
            )
        ).scalars()
    )


def next_credit_receipt(connection: Connection) -> str:
    """Return a new receipt number for a payment from credit: `CR000042`."""
    number = connection.execute(text("SELECT nextval('credit_receipts')")).scalar_one()
    return f"CR{number:06}"


@dataclass(frozen=True, slots=True)
class CreditAct:
    """An act about a customer's credit. `is_theirs`: taken from their credit, not moved to it;
    `other`: who got it, or whose it was."""

    kind: CreditActKind
    is_theirs: bool
    other: str
    amount_minor: int
    source: MoneyBackFrom | None
    provider_account: str | None
    reference: str
    happened_at: datetime


def acts_of_customer(connection: Connection, customer_id: int) -> list[CreditAct]:
    """Return the acts about a customer's credit, the newest first."""
    return all_rows(
        connection,
        CreditAct,
        "SELECT a.kind, a.customer_id = :id AS is_theirs,"
        " concat_ws(' ', o.name, o.surname) AS other, a.amount_minor,"
        " a.source, a.provider_account, a.reference, a.happened_at"
        " FROM credit_acts a LEFT JOIN customers o ON o.id = CASE WHEN a.customer_id = :id"
        " THEN a.to_customer_id ELSE a.customer_id END"
        " WHERE :id IN (a.customer_id, a.to_customer_id) ORDER BY a.id DESC LIMIT 100",
        id=customer_id,
    )

"""Payments that are in the books already: locked, looked through, and moved to another state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_COLUMNS = (
    "id, provider_account, receipt, amount_minor, currency, account_raw, device_id, customer_id,"
    " payer_kind, payer, paid_at, state, credit_used_minor"
)


@dataclass(frozen=True, slots=True)
class BookedPayment:
    """A payment's row. `device_id` and `customer_id` are None where it was never matched."""

    id: int
    provider_account: str
    receipt: str
    amount_minor: int
    currency: str
    account_raw: str
    device_id: int | None
    customer_id: int | None
    payer_kind: str
    payer: str | None
    paid_at: datetime
    state: str
    credit_used_minor: int


@dataclass(frozen=True, slots=True)
class BookedLine:
    """Where a part of an applied payment went. `is_owed_again`: taking the part back can reopen the
    instalment or charge; not when its sale was cancelled or another plan runs on the device."""

    kind: str
    amount_minor: int
    instalment_id: int | None
    access_charge_id: int | None
    device_id: int | None
    is_owed_again: bool


def lock_payment(connection: Connection, payment_id: int) -> BookedPayment | None:
    """The payment with that id, locked."""
    return _one(connection, "id = :id FOR NO KEY UPDATE", {"id": payment_id})


def lock_receipt(
    connection: Connection, provider_account: str, receipt: str
) -> BookedPayment | None:
    """The payment booked under that receipt, locked."""
    return _one(
        connection,
        "provider_account = :account AND receipt = :receipt FOR NO KEY UPDATE",
        {"account": provider_account, "receipt": receipt},
    )


def get_payment(connection: Connection, payment_id: int) -> BookedPayment | None:
    """The payment with that id."""
    return _one(connection, "id = :id", {"id": payment_id})


def _one(connection: Connection, where: str, values: dict[str, object]) -> BookedPayment | None:
    row = connection.execute(
        text(f"SELECT {_COLUMNS} FROM payments WHERE {where}"), values
    ).one_or_none()
    return None if row is None else BookedPayment(*row)


def set_payment(connection: Connection, payment_id: int, **values: object) -> None:
    """Set columns of one payment."""
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    connection.execute(
        text(f"UPDATE payments SET {assignments} WHERE id = :id"), {"id": payment_id, **values}
    )


def learn_payer(connection: Connection, payment_id: int, msisdn: str) -> BookedPayment | None:
    """Keep the number of whoever paid where only a hidden one was known; the payment, if so."""
    learnt = connection.execute(
        text(
            "UPDATE payments SET payer_kind = 'msisdn', payer = :msisdn"
            f" WHERE id = :id AND payer_kind <> 'msisdn' RETURNING {_COLUMNS}"
        ),
        {"id": payment_id, "msisdn": msisdn},
    ).one_or_none()
    return None if learnt is None else BookedPayment(*learnt)


def lines_booked(connection: Connection, payment_id: int) -> list[BookedLine]:
    """The lines of an applied payment, in their order."""
    rows = connection.execute(
        text(
            """
            SELECT l.kind, l.amount_minor, l.instalment_id, l.access_charge_id, l.device_id,
                   l.instalment_id IS NULL OR s.state = 'open' OR (
                       s.state = 'complete' AND NOT EXISTS (
                           SELECT FROM sales o WHERE o.device_id = s.device_id AND o.state = 'open'
                       ))
              FROM payment_lines l
              LEFT JOIN instalments i ON i.id = l.instalment_id
              LEFT JOIN sales s ON s.id = i.sale_id
             WHERE l.payment_id = :id ORDER BY l.number
            """
        ),
        {"id": payment_id},
    )
    return [BookedLine(*row) for row in rows]


def devices_with_tokens(connection: Connection, payment_id: int) -> set[int | None]:
    """The devices for which this payment gave codes."""
    return set(
        connection.execute(
            text("SELECT DISTINCT device_id FROM tokens WHERE payment_id = :id"),
            {"id": payment_id},
        ).scalars()
    )


def reopen(connection: Connection, line: BookedLine) -> None:
    """What the line had paid is owed again; a sale that was complete runs on."""
    if line.instalment_id is not None:
        connection.execute(
            text(
                "WITH reopened AS (UPDATE instalments SET paid_minor = paid_minor - :amount"
                " WHERE id = :id RETURNING sale_id)"
                " UPDATE sales SET state = 'open' FROM reopened"
                " WHERE sales.id = sale_id AND state = 'complete'"
            ),
            {"id": line.instalment_id, "amount": line.amount_minor},
        )
    if line.access_charge_id is not None:
        connection.execute(
            text("UPDATE access_charges SET paid_minor = paid_minor - :amount WHERE id = :id"),
            {"id": line.access_charge_id, "amount": line.amount_minor},
        )


def move_credit(connection: Connection, customer_id: int, difference_minor: int) -> None:
    """Add to a locked customer's credit, or take from it."""
    connection.execute(
        text("UPDATE customers SET credit_minor = credit_minor + :difference WHERE id = :id"),
        {"id": customer_id, "difference": difference_minor},
    )

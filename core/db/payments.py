"""Payments: booked once per receipt, claimed by workers, postponed when they cannot be applied."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from core.payment import (
    BookedLine,
    BookedPayment,
    ReceivedPayment,
    SentToken,
    StoredLine,
    StoredPayment,
)

_BACKOFF = timedelta(seconds=15)
_BACKOFF_MAX = timedelta(hours=1)
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def insert_payment(connection: Connection, values: dict[str, object]) -> int | None:
    """Book a receipt; None when this provider account's receipt is booked already."""
    columns = ", ".join(values)
    slots = ", ".join(f":{name}" for name in values)
    return connection.execute(
        text(
            f"INSERT INTO payments ({columns}) VALUES ({slots})"
            " ON CONFLICT (provider_account, receipt) DO NOTHING RETURNING id"
        ),
        values,
    ).scalar_one_or_none()


def find_receipt(
    connection: Connection, provider_account: str, receipt: str
) -> tuple[int, int] | None:
    """(id, amount in minor units) under which a receipt is booked."""
    row = connection.execute(
        text(
            "SELECT id, amount_minor FROM payments"
            " WHERE provider_account = :account AND receipt = :receipt"
        ),
        {"account": provider_account, "receipt": receipt},
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def claim_received(connection: Connection, now: datetime, limit: int) -> list[ReceivedPayment]:
    """Lock up to `limit` payments that wait to be applied; others' claims are passed over."""
    rows = connection.execute(
        text(
            "SELECT id, receipt, amount_minor, purpose, device_id, customer_id FROM payments"
            " WHERE state = 'received' AND next_attempt_at <= :now"
            " ORDER BY next_attempt_at, id LIMIT :limit FOR UPDATE SKIP LOCKED"
        ),
        {"now": now, "limit": limit},
    )
    return [ReceivedPayment(*row) for row in rows]


def postpone(connection: Connection, now: datetime, payment_id: int, problem: str) -> None:
    """Keep a payment that could not be applied, with the reason; tried again, ever less often."""
    connection.execute(
        text(
            "UPDATE payments SET attempts = attempts + 1, problem = :problem,"
            " next_attempt_at = :now + least(:most, :step * power(2, least(attempts, 20)))"
            " WHERE id = :id"
        ),
        {
            "id": payment_id,
            "now": now,
            "problem": problem[:500],
            "step": _BACKOFF,
            "most": _BACKOFF_MAX,
        },
    )


def hold(connection: Connection, payment_id: int, problem: str) -> None:
    """Nobody applies it any more, if nobody has; the reason stands beside it."""
    connection.execute(
        text(
            "UPDATE payments SET next_attempt_at = :never, problem = :problem"
            " WHERE id = :id AND state = 'received'"
        ),
        {"id": payment_id, "never": _NEVER, "problem": problem},
    )


def is_held(connection: Connection, payment_id: int | None) -> bool:
    """Whether nobody applies it until somebody releases it."""
    return bool(
        connection.execute(
            text(
                "SELECT EXISTS (SELECT FROM payments WHERE id = :id AND state = 'received'"
                " AND next_attempt_at = :never)"
            ),
            {"id": payment_id, "never": _NEVER},
        ).scalar_one()
    )


def release(connection: Connection, now: datetime, payment_ids: Collection[int]) -> None:
    """Those of them that are held may be applied again."""
    connection.execute(
        text(
            "UPDATE payments SET next_attempt_at = :now, problem = NULL"
            " WHERE id = ANY(:ids) AND state = 'received' AND next_attempt_at = :never"
        ),
        {"ids": list(payment_ids), "now": now, "never": _NEVER},
    )


def oldest_waiting(connection: Connection) -> datetime | None:
    """When the payment came in that has waited longest for a worker; None when none does. What is
    held waits for a person."""
    oldest: datetime | None = connection.execute(
        text(
            "SELECT min(received_at) FROM payments WHERE state = 'received'"
            " AND next_attempt_at < :never"
        ),
        {"never": _NEVER},
    ).scalar_one()
    return oldest


_COLUMNS = (
    "id, provider_account, receipt, amount_minor, currency, account_raw, device_id, customer_id,"
    " payer_kind, payer, paid_at, state, credit_used_minor"
)


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


def find_payments(connection: Connection, receipt: str) -> list[StoredPayment]:
    """The payments with that receipt: one, unless two provider accounts have given it out."""
    rows = connection.execute(
        text(
            "SELECT id, provider_account, receipt, amount_minor, currency, credit_used_minor,"
            " state, account_raw, paid_at, problem FROM payments"
            " WHERE receipt = :receipt ORDER BY id"
        ),
        {"receipt": receipt},
    )
    return [StoredPayment(*row) for row in rows]


def lines_of(connection: Connection, payment_id: int) -> list[StoredLine]:
    """The lines, in the order in which the money fell; one for money that nobody matched."""
    rows = connection.execute(
        text(
            "SELECT l.kind, l.amount_minor, d.serial, l.number FROM payment_lines l"
            " LEFT JOIN access_charges a ON a.id = l.access_charge_id"
            " LEFT JOIN devices d ON d.id = coalesce(l.device_id, a.device_id)"
            " WHERE l.payment_id = :id"
            " UNION ALL SELECT 'suspense', amount_minor, NULL, 1 FROM payments"
            " WHERE id = :id AND state = 'suspense' ORDER BY number"
        ),
        {"id": payment_id},
    )
    return [StoredLine(*row[:3]) for row in rows]


def tokens_of(connection: Connection, payment_id: int) -> list[SentToken]:
    """The tokens, in the order in which they were made."""
    rows = connection.execute(
        text(
            "SELECT d.serial, t.kind, t.units, t.text, EXISTS (SELECT FROM sms s"
            " WHERE s.token_id = t.id AND s.state IN ('sent', 'delivered'))"
            " FROM tokens t JOIN devices d ON d.id = t.device_id"
            " WHERE t.payment_id = :id ORDER BY t.id"
        ),
        {"id": payment_id},
    )
    return [SentToken(*row) for row in rows]

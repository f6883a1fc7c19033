"""Payments: booked once per receipt, claimed by workers, postponed when they cannot be applied."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

_BACKOFF = timedelta(seconds=15)
_BACKOFF_MAX = timedelta(hours=1)
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ReceivedPayment:
    """A payment claimed for applying; its row is locked."""

    id: int
    receipt: str
    amount_minor: int
    purpose: str
    device_id: int
    customer_id: int


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

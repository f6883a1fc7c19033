"""Queries for payments: recorded once per receipt, claimed by workers, postponed on failure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, text

from core.payment import (
    SERVED,
    BookedLine,
    BookedPayment,
    ReceivedPayment,
    normalise_receipt,
)
from core.sale import RUNNING_SQL

_BACKOFF = timedelta(seconds=15)
_BACKOFF_MAX = timedelta(hours=1)
# `next_attempt_at` of a payment on hold: no worker takes it until a person releases it.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def insert_payment(connection: Connection, values: dict[str, object]) -> int | None:
    """Record a receipt; None when this provider account's receipt, or its proof, was recorded
    before."""
    columns = ", ".join(values)
    slots = ", ".join(f":{name}" for name in values)
    return connection.execute(
        text(
            "WITH claimed AS (INSERT INTO payment_ids (id, provider_account, receipt, proof)"
            " VALUES (month_id(nextval('payments_id_seq')), :provider_account, :receipt, :proof)"
            " ON CONFLICT DO NOTHING RETURNING id)"
            f" INSERT INTO payments (id, {columns}) SELECT id, {slots} FROM claimed RETURNING id"
        ),
        {"proof": None, **values},
    ).scalar_one_or_none()


def find_receipt(
    connection: Connection, provider_account: str, receipt: str
) -> tuple[int, int] | None:
    """Return (payment id, amount in minor units) of a recorded receipt, or None."""
    row = connection.execute(
        text(
            "SELECT id, p.amount_minor FROM payment_ids k JOIN payments p USING (id)"
            " WHERE k.provider_account = :account AND k.receipt = :receipt"
        ),
        {"account": provider_account, "receipt": normalise_receipt(receipt)},
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def claim_received(
    connection: Connection, now: datetime, limit: int, *, behind_locks: bool = False
) -> list[ReceivedPayment]:
    """Lock up to `limit` payments that wait to be applied, and their customers.

    Payments that others lock are skipped, and all those of a customer whom others lock: one held
    customer stops no other. `behind_locks`: skip no customer, and lock none.
    """
    also = "" if behind_locks else ", c"
    rows = connection.execute(
        text(
            "SELECT p.id, receipt, amount_minor - returned_minor, purpose, device_id, customer_id,"
            " paid_at, paid_on, coalesce(quoted_at, paid_at), decided_at"
            " FROM payments p JOIN customers c ON c.id = p.customer_id"
            " WHERE p.state = 'received' AND p.next_attempt_at <= :now"
            f" ORDER BY p.next_attempt_at, p.id LIMIT :limit FOR NO KEY UPDATE OF p{also}"
            " SKIP LOCKED"
        ),
        {"now": now, "limit": limit},
    )
    return [ReceivedPayment(*row) for row in rows]


def limit_lock_wait(connection: Connection, most: Literal["'300ms'", "DEFAULT"]) -> None:
    """From here to the end of the transaction or savepoint, wait that long for a lock at most."""
    connection.execute(text(f"SET LOCAL lock_timeout TO {most}"))


def postpone(connection: Connection, now: datetime, payment_id: int, problem: str) -> None:
    """Store why a payment could not be applied; it is tried again after growing intervals."""
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


def put_off(connection: Connection, payment_ids: Collection[int], until: datetime) -> None:
    """Let payments that could not be tried wait until then; no attempt is counted."""
    connection.execute(
        text("UPDATE payments SET next_attempt_at = :until WHERE id = ANY(:ids)"),
        {"ids": sorted(payment_ids), "until": until},
    )


def lock_payments(connection: Connection, payment_ids: Collection[int]) -> None:
    """Lock payments in the order of their ids."""
    connection.execute(
        text("SELECT id FROM payments WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE"),
        {"ids": sorted(payment_ids)},
    )


def hold(connection: Connection, payment_id: int, problem: str) -> None:
    """Put a payment on hold, with the reason, if it was not applied yet."""
    connection.execute(
        text(
            "UPDATE payments SET next_attempt_at = :never, problem = :problem"
            " WHERE id = :id AND state = 'received'"
        ),
        {"id": payment_id, "never": NEVER, "problem": problem},
    )


def decide(connection: Connection, now: datetime, payment_id: int) -> None:
    """Store that a person says that a payment is to be applied to what is owed now."""
    set_payment(connection, payment_id, decided_at=now)


def is_held(connection: Connection, payment_id: int | None) -> bool:
    """Return whether a payment is on hold until an operator releases it."""
    return bool(
        connection.execute(
            text(
                "SELECT EXISTS (SELECT FROM payments WHERE id = :id AND state = 'received'"
                " AND next_attempt_at = :never)"
            ),
            {"id": payment_id, "never": NEVER},
        ).scalar_one()
    )


def release(connection: Connection, now: datetime, payment_ids: Collection[int]) -> int:
    """Let payments that are on hold be applied. Return how many were on hold."""
    released = connection.execute(
        text(
            "UPDATE payments SET next_attempt_at = :now, problem = NULL"
            " WHERE id = ANY(:ids) AND state = 'received' AND next_attempt_at = :never"
        ),
        {"ids": list(payment_ids), "now": now, "never": NEVER},
    )
    return released.rowcount


def note_listed(connection: Connection, now: datetime, payment_ids: Collection[int]) -> None:
    """Store that a list of the provider has these payments."""
    connection.execute(
        text("UPDATE payments SET listed_at = :now WHERE id = ANY(:ids) AND listed_at IS NULL"),
        {"ids": sorted(payment_ids), "now": now},
    )


def oldest_waiting(connection: Connection) -> datetime | None:
    """Return when the payment that waits longest for a worker came in; None when none waits.

    Payments on hold do not count, because they wait for an operator.
    """
    oldest: datetime | None = connection.execute(
        text(
            "SELECT min(received_at) FROM payments WHERE state = 'received'"
            " AND next_attempt_at < :never"
        ),
        {"never": NEVER},
    ).scalar_one()
    return oldest


_COLUMNS = (
    "id, provider_account, receipt, amount_minor, currency, account_raw, purpose, device_id,"
    " customer_id, payer_kind, payer, paid_at, state, credit_used_minor, returned_minor,"
    " applied_at"
)


def lock_payment(connection: Connection, payment_id: int) -> BookedPayment | None:
    """Return the payment with that id, locked, or None."""
    return _find_payment_where(connection, "id = :id FOR NO KEY UPDATE", {"id": payment_id})


def get_payment(connection: Connection, payment_id: int) -> BookedPayment | None:
    """Return the payment with that id, or None."""
    return _find_payment_where(connection, "id = :id", {"id": payment_id})


def _find_payment_where(
    connection: Connection, where: str, values: dict[str, object]
) -> BookedPayment | None:
    row = connection.execute(
        text(f"SELECT {_COLUMNS} FROM payments WHERE {where}"), values
    ).one_or_none()
    return None if row is None else BookedPayment(*row)


def set_payment(connection: Connection, payment_id: int, **values: object) -> None:
    """Set columns of a payment."""
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    connection.execute(
        text(f"UPDATE payments SET {assignments} WHERE id = :id"), {"id": payment_id, **values}
    )


def learn_payer(connection: Connection, payment_id: int, msisdn: str) -> BookedPayment | None:
    """Store the payer's number where only a hidden one was known; returns the payment if so."""
    learnt = connection.execute(
        text(
            "UPDATE payments SET payer_kind = 'msisdn', payer = :msisdn"
            f" WHERE id = :id AND payer_kind <> 'msisdn' RETURNING {_COLUMNS}"
        ),
        {"id": payment_id, "msisdn": msisdn},
    ).one_or_none()
    return None if learnt is None else BookedPayment(*learnt)


def lines_left(connection: Connection, payment_id: int) -> list[BookedLine]:
    """Return the lines of an applied payment as far as earlier returns left them, newest first.

    What was paid for a vend that was given back is credit now.
    """
    rows = connection.execute(
        text(
            f"""
            SELECT l.number, CASE WHEN l.is_credit THEN 'credit' ELSE l.kind END,
                   l.amount_minor - l.returned,
                   CASE WHEN NOT l.is_credit THEN l.instalment_id END,
                   l.access_charge_id, l.clawback_id,
                   CASE WHEN NOT l.is_credit THEN l.sale_id END,
                   CASE WHEN NOT l.is_credit THEN l.device_id END,
                   l.is_credit OR l.instalment_id IS NULL OR s.state IN {RUNNING_SQL} OR (
                       s.state = 'complete' AND NOT EXISTS (
                           SELECT FROM sales o WHERE o.device_id = s.device_id
                              AND o.state IN {RUNNING_SQL}
                       ))
              FROM (SELECT *, (SELECT coalesce(sum(b.amount_minor), 0)::bigint
                                 FROM payment_return_lines b
                                WHERE b.payment_id = payment_lines.payment_id
                                  AND b.number = payment_lines.number) AS returned,
                             payment_lines.kind = ANY(:served) AND EXISTS (
                                 SELECT FROM vends v WHERE v.payment_id = payment_lines.payment_id
                                    AND v.device_id = payment_lines.device_id AND v.given_back)
                           AS is_credit
                      FROM payment_lines WHERE payment_id = :id) l
              LEFT JOIN instalments i ON i.id = l.instalment_id
              LEFT JOIN sales s ON s.id = i.sale_id
             WHERE l.amount_minor > l.returned ORDER BY l.is_credit DESC, l.number DESC
            """
        ),
        {"id": payment_id, "served": list(SERVED)},
    )
    return [BookedLine(*row) for row in rows]


def devices_with_tokens(connection: Connection, payment_id: int) -> set[int | None]:
    """Return the ids of the devices for which this payment gave tokens, or credit by a vendor; or
    may have."""
    return set(
        connection.execute(
            text(
                "SELECT device_id FROM tokens WHERE payment_id = :id UNION SELECT device_id"
                " FROM vends WHERE payment_id = :id AND state IN ('asked', 'unknown', 'done')"
            ),
            {"id": payment_id},
        ).scalars()
    )


def reopen(connection: Connection, line: BookedLine) -> int | None:
    """Make what the line had paid due again; returns the id of a sale that was paid, or recovered,
    in full until now.

    The days that an instalment has given stay given.
    """
    if line.instalment_id is not None:
        sale_id: int | None = connection.execute(
            text(
                "WITH reopened AS (UPDATE instalments SET paid_minor = paid_minor - :amount"
                " WHERE id = :id RETURNING sale_id)"
                " UPDATE sales SET state = 'open' FROM reopened"
                " WHERE sales.id = sale_id AND state = 'complete' RETURNING sales.id"
            ),
            {"id": line.instalment_id, "amount": line.amount_minor},
        ).scalar_one_or_none()
        return sale_id
    if line.access_charge_id is not None:
        connection.execute(
            text("UPDATE access_charges SET paid_minor = paid_minor - :amount WHERE id = :id"),
            {"id": line.access_charge_id, "amount": line.amount_minor},
        )
    if line.sale_id is not None:
        recovered: int | None = connection.execute(
            text(
                "UPDATE sales SET recovered_minor = recovered_minor - :amount WHERE id = :id"
                " RETURNING CASE WHEN recovered_minor + :amount = written_off_minor THEN id END"
            ),
            {"id": line.sale_id, "amount": line.amount_minor},
        ).scalar_one()
        return recovered
    if line.clawback_id is not None:
        connection.execute(
            text("UPDATE clawbacks SET paid_minor = paid_minor - :amount WHERE id = :id"),
            {"id": line.clawback_id, "amount": line.amount_minor},
        )
    return None


def move_credit(connection: Connection, customer_id: int, difference_minor: int) -> None:
    """Add to a locked customer's credit, or take from it."""
    connection.execute(
        text("UPDATE customers SET credit_minor = credit_minor + :difference WHERE id = :id"),
        {"id": customer_id, "difference": difference_minor},
    )

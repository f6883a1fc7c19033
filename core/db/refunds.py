"""Queries for refunds: claimed by a worker, looked up until their outcome is known; suspense."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from core.refund import Refund

_COLUMNS = (
    "r.id, r.payment_id, p.provider_account, p.receipt, r.amount_minor, r.origin_state,"
    " r.client_reference, r.state, r.attempts,"
    " (SELECT min(checkout_reference) FROM prompts WHERE payment_id = p.id) AS prompt_reference,"
    " p.amount_minor, p.currency"
)


def insert_refund(
    connection: Connection, now: datetime, payment_id: int, amount_minor: int, origin_state: str
) -> int:
    """Store a refund that waits to be sent. Its reference counts the refunds of the payment."""
    return int(
        connection.execute(
            text(
                "INSERT INTO refunds (payment_id, amount_minor, origin_state, client_reference,"
                " requested_at, next_attempt_at) SELECT :payment, :amount, :origin,"
                " 'RF' || :payment || '-' || count(*) + 1, :now, :now"
                " FROM refunds WHERE payment_id = :payment RETURNING id"
            ),
            {"payment": payment_id, "amount": amount_minor, "origin": origin_state, "now": now},
        ).scalar_one()
    )


def claim_due(connection: Connection, now: datetime, lease: timedelta, limit: int) -> list[Refund]:
    """Claim refunds whose next step is due, for `lease`; rows that others lock are skipped."""
    rows = connection.execute(
        text(
            f"""
            UPDATE refunds r SET state = 'sending', attempts = r.attempts + 1,
                   sent_at = coalesce(r.sent_at, :now), next_attempt_at = :until
              FROM payments p
             WHERE p.id = r.payment_id AND r.id IN (
                   SELECT id FROM refunds WHERE next_attempt_at <= :now
                    ORDER BY next_attempt_at LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED)
            RETURNING {_COLUMNS}
            """
        ),
        {"now": now, "until": now + lease, "limit": limit},
    )
    return sorted((Refund(*row) for row in rows), key=lambda refund: refund.id)


def find_refund(connection: Connection, refund_id: int) -> Refund | None:
    """Return the refund with that id, or None."""
    return _find_refund_where(connection, "r.id = :key", refund_id)


def find_open_refund(connection: Connection, payment_id: int) -> Refund | None:
    """Return the refund of a payment that is under way, or None."""
    where = "r.payment_id = :key AND r.state NOT IN ('done', 'failed')"
    return _find_refund_where(connection, where, payment_id)


def find_given_up(connection: Connection, payment_id: int) -> Refund | None:
    """Return the refund of a payment whose outcome is unknown and is not looked up any more, or
    None.
    """
    where = "r.payment_id = :key AND r.state = 'unknown' AND r.next_attempt_at IS NULL"
    return _find_refund_where(connection, where, payment_id)


def _find_refund_where(connection: Connection, where: str, key: int) -> Refund | None:
    row = connection.execute(
        text(
            f"SELECT {_COLUMNS} FROM refunds r JOIN payments p ON p.id = r.payment_id WHERE {where}"
        ),
        {"key": key},
    ).one_or_none()
    return None if row is None else Refund(*row)


def update_refund(connection: Connection, refund_id: int, **values: object) -> None:
    """Set columns of a refund."""
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    connection.execute(
        text(f"UPDATE refunds SET {assignments} WHERE id = :id"), {"id": refund_id, **values}
    )


def unmatched_since(
    connection: Connection,
    before: datetime,
    accounts_like: list[str],
    limit: int,
    *,
    like: bool = True,
) -> list[int]:
    """Return ids of payments in suspense since before that instant, on these accounts.

    With `like` False: on all other accounts. Only payments that were never refunded and have no
    open case.
    """
    return list(
        connection.execute(
            text(
                "SELECT id FROM payments p WHERE state = 'suspense' AND received_at < :before"
                " AND (provider_account LIKE ANY(:accounts)) = :like"
                " AND NOT EXISTS (SELECT FROM refunds r WHERE r.payment_id = p.id)"
                " AND NOT EXISTS (SELECT FROM cases c WHERE c.payment_id = p.id"
                " AND c.closed_at IS NULL)"
                " ORDER BY id LIMIT :limit"
            ),
            {"before": before, "accounts": accounts_like, "like": like, "limit": limit},
        ).scalars()
    )


def owned_among(connection: Connection, serials: Collection[str]) -> list[str]:
    """Return those of these serial numbers that are devices with an owner."""
    return list(
        connection.execute(
            text(
                "SELECT serial FROM devices WHERE serial = ANY(:serials) AND owner_id IS NOT NULL"
                " ORDER BY serial"
            ),
            {"serials": list(serials)},
        ).scalars()
    )


def find_replacement(connection: Connection, serial: str) -> str | None:
    """Return the serial number of the device that replaced this one, if it has an owner."""
    return connection.execute(
        text(
            "SELECT n.serial FROM devices o JOIN devices n ON n.id = o.replaced_by_id"
            " WHERE o.serial = :serial AND n.owner_id IS NOT NULL"
        ),
        {"serial": serial},
    ).scalar_one_or_none()


def owned_by_number(connection: Connection, msisdn: str) -> list[str]:
    """Return the serial numbers of the devices whose owner has that number."""
    return list(
        connection.execute(
            text(
                "SELECT d.serial FROM customer_msisdns m JOIN devices d"
                " ON d.owner_id = m.customer_id WHERE m.msisdn = :msisdn ORDER BY d.serial"
            ),
            {"msisdn": msisdn},
        ).scalars()
    )


def paid_before(connection: Connection, payer_kind: str, payer: str) -> list[str]:
    """Return the serial numbers that this payer paid for earlier, the latest first."""
    return list(
        connection.execute(
            text(
                "SELECT d.serial FROM payments p JOIN devices d ON d.id = p.device_id"
                " WHERE p.payer_kind = :kind AND p.payer = :payer AND d.owner_id IS NOT NULL"
                " GROUP BY d.serial ORDER BY max(p.id) DESC LIMIT 5"
            ),
            {"kind": payer_kind, "payer": payer},
        ).scalars()
    )

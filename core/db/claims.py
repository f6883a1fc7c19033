"""Devices that callers took from stock by themselves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from core.sale import RUNNING_SQL

SELF = "self:"  # how the reference of such a sale begins

# Running sales of callers, of which no part is paid.
_UNPAID = (
    f"sales s WHERE starts_with(s.reference, '{SELF}') AND s.state IN {RUNNING_SQL} AND NOT EXISTS"
    " (SELECT FROM instalments i WHERE i.sale_id = s.id AND i.paid_minor > 0)"
)
_HAS_DOWN_PAYMENT = "EXISTS (SELECT FROM instalments i WHERE i.sale_id = s.id AND i.number = 0)"


def unpaid_claim_of(connection: Connection, customer_id: int) -> str | None:
    """Return the serial of a device that the customer took and has not begun to pay; None without
    one."""
    serial: str | None = connection.execute(
        text(
            "SELECT d.serial FROM devices d WHERE d.id IN"
            f" (SELECT s.device_id FROM {_UNPAID} AND s.customer_id = :customer) LIMIT 1"
        ),
        {"customer": customer_id},
    ).scalar_one_or_none()
    return serial


def unpaid_claims(connection: Connection, before: datetime) -> list[int]:
    """Return the ids of such sales of before that instant, where there is a down payment."""
    rows = connection.execute(
        text(
            f"SELECT s.id FROM {_UNPAID} AND s.sold_at < :before AND {_HAS_DOWN_PAYMENT}"
            " ORDER BY s.id"
        ),
        {"before": before},
    )
    return list(rows.scalars())


def claims_since(connection: Connection, customer_id: int, since: datetime) -> int:
    """Return how many devices came from stock to the customer since then."""
    found: int = connection.execute(
        text(
            "SELECT count(*) FROM ownership_changes WHERE to_customer_id = :customer"
            " AND reason = 'registration' AND changed_at > :since"
        ),
        {"customer": customer_id, "since": since},
    ).scalar_one()
    return found

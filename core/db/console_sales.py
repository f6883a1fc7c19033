"""Sales for the console: what a plan came to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, text


def instalments_of(connection: Connection, sale_id: int) -> list[Row[Any]]:
    """(number, due_on, amount, paid, days) of a sale's plan; number 0 is the down payment."""
    rows = connection.execute(
        text(
            "SELECT number, due_on, amount_minor, paid_minor, days FROM instalments"
            " WHERE sale_id = :id ORDER BY number"
        ),
        {"id": sale_id},
    )
    return list(rows)


def latest_sale_of(connection: Connection, customer_id: int) -> int | None:
    """The id of the customer's newest sale."""
    latest: int | None = connection.execute(
        text("SELECT max(id) FROM sales WHERE customer_id = :id"), {"id": customer_id}
    ).scalar_one()
    return latest


def sales_of(connection: Connection, customer_id: int) -> list[Row[Any]]:
    """The customer's sales, the newest first, with what is paid on each."""
    rows = connection.execute(
        text(
            "SELECT s.id, a.name AS appliance, d.serial, s.sold_on, s.state, s.scheme,"
            " s.total_minor, coalesce(sum(i.paid_minor), 0)::bigint AS paid_minor FROM sales s"
            " JOIN appliances a ON a.id = s.appliance_id LEFT JOIN devices d ON d.id = s.device_id"
            " LEFT JOIN instalments i ON i.sale_id = s.id WHERE s.customer_id = :id"
            " GROUP BY s.id, a.name, d.serial ORDER BY s.id DESC"
        ),
        {"id": customer_id},
    )
    return list(rows)

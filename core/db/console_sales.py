"""Sales for the console: the list, one with its plan, and what a plan came to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, text

from core.db.console_lists import Query

_TABLES = (
    "sales s JOIN appliances a ON a.id = s.appliance_id JOIN customers c ON c.id = s.customer_id"
    " LEFT JOIN devices d ON d.id = s.device_id LEFT JOIN agents g ON g.id = s.agent_id"
    " LEFT JOIN LATERAL (SELECT sum(paid_minor)::bigint AS paid_minor,"
    " sum(amount_minor - paid_minor)::bigint AS open_minor,"
    " min(due_on) FILTER (WHERE paid_minor < amount_minor) AS next_due_on"
    " FROM instalments i WHERE i.sale_id = s.id) i ON true"
)
_COLUMNS = (
    "s.id, s.sold_on, a.name AS appliance, s.customer_id, s.device_id,"
    " concat_ws(' ', c.name, c.surname) AS customer, d.serial, s.scheme, s.cadence, s.state,"
    " s.total_minor, coalesce(i.paid_minor, 0) AS paid_minor,"
    " coalesce(i.open_minor, 0) AS open_minor,"
    " CASE WHEN s.state = 'open' THEN i.next_due_on END AS next_due_on,"
    " s.price_per_day_minor, s.minimum_payment_minor, s.reference, s.as_sold,"
    " concat_ws(' ', g.name, g.surname) AS agent"
)
SALES = Query(
    _COLUMNS,
    _TABLES,
    key="s.id",
    where={
        "state": "s.state = :state",
        "late": "s.state = 'open' AND i.next_due_on < :late",
    },
)


def find_sale(connection: Connection, sale_id: int) -> Row[Any] | None:
    """One sale, as in the list."""
    return connection.execute(
        text(f"SELECT {_COLUMNS} FROM {_TABLES} WHERE s.id = :id"), {"id": sale_id}
    ).one_or_none()


def get_sale_id(connection: Connection, reference: str) -> int:
    """The id of the sale with that reference."""
    sale_id: int = connection.execute(
        text("SELECT id FROM sales WHERE reference = :reference"), {"reference": reference}
    ).scalar_one()
    return sale_id


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

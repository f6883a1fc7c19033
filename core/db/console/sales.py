"""Sales for the console: the list, one sale with its instalments, the sales of a customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from core.db.console.listing import Query
from core.db.typed_rows import all_rows, row_or_none
from core.plan import Cadence, Scheme
from core.sale import DUE_SQL, SaleState

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
    f" CASE WHEN s.state IN {DUE_SQL} THEN i.next_due_on END AS next_due_on,"
    " s.price_per_day_minor, s.minimum_payment_minor, s.reference, s.as_sold,"
    " concat_ws(' ', g.name, g.surname) AS agent, s.paused_on, s.written_off_minor,"
    " s.recovered_minor, s.commission_minor"
)


@dataclass(frozen=True, slots=True)
class SaleDetails:
    """A sale, in the list and on its page.

    `next_due_on` is None where nothing falls due; `as_sold` (JSON: `total_minor` and `plan`) is set
    once the sale was changed; `agent` is empty for a sale by an operator.
    """

    id: int
    sold_on: date
    appliance: str
    customer_id: int
    device_id: int | None
    customer: str
    serial: str | None
    scheme: Scheme
    cadence: Cadence
    state: SaleState
    total_minor: int
    paid_minor: int
    open_minor: int
    next_due_on: date | None
    price_per_day_minor: int | None
    minimum_payment_minor: int
    reference: str | None
    as_sold: dict[str, Any] | None
    agent: str
    paused_on: date | None
    written_off_minor: int
    recovered_minor: int
    commission_minor: int


SALES = Query(
    SaleDetails,
    _COLUMNS,
    _TABLES,
    key="s.id",
    where={
        "state": "s.state = :state",
        "late": f"s.state IN {DUE_SQL} AND i.next_due_on < :late",
    },
)


def find_sale_details(connection: Connection, sale_id: int) -> SaleDetails | None:
    """Return the sale with that id."""
    return row_or_none(
        connection, SaleDetails, f"SELECT {_COLUMNS} FROM {_TABLES} WHERE s.id = :id", id=sale_id
    )


@dataclass(frozen=True, slots=True)
class InstalmentRow:
    """An instalment of a sale; number 0 is the down payment. `days`: how long it unlocks."""

    number: int
    due_on: date
    amount_minor: int
    paid_minor: int
    days: int


def instalments_of_sale(connection: Connection, sale_id: int) -> list[InstalmentRow]:
    """Return the instalments of a sale, by number."""
    return all_rows(
        connection,
        InstalmentRow,
        "SELECT number, due_on, amount_minor, paid_minor, days FROM instalments"
        " WHERE sale_id = :id ORDER BY number",
        id=sale_id,
    )


def latest_sale_of_customer(connection: Connection, customer_id: int) -> int | None:
    """Return the id of the customer's newest sale."""
    latest: int | None = connection.execute(
        text("SELECT max(id) FROM sales WHERE customer_id = :id"), {"id": customer_id}
    ).scalar_one()
    return latest


@dataclass(frozen=True, slots=True)
class CustomerSale:
    """A sale to a customer, with what is paid of its price."""

    id: int
    appliance: str
    serial: str | None
    sold_on: date
    state: SaleState
    total_minor: int
    paid_minor: int


def sales_of_customer(connection: Connection, customer_id: int) -> list[CustomerSale]:
    """Return the customer's sales, the newest first."""
    return all_rows(
        connection,
        CustomerSale,
        "SELECT s.id, a.name AS appliance, d.serial, s.sold_on, s.state,"
        " s.total_minor, coalesce(sum(i.paid_minor), 0)::bigint AS paid_minor FROM sales s"
        " JOIN appliances a ON a.id = s.appliance_id LEFT JOIN devices d ON d.id = s.device_id"
        " LEFT JOIN instalments i ON i.sale_id = s.id WHERE s.customer_id = :id"
        " GROUP BY s.id, a.name, d.serial ORDER BY s.id DESC",
        id=customer_id,
    )

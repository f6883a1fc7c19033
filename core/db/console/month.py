"""The month's export, business side: payments, allocations, tokens, sales.

A month is from `since` until just before `until`. No list holds the digits of a token or the number
of a payer. The ledger side is in `month_ledger`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from core.db.console.listing import Query

# The condition for a journal entry `e` of the month, by its value date.
IN_MONTH = "e.value_at >= :since AND e.value_at < :until"


@dataclass(frozen=True, slots=True)
class MonthPayment:
    """A payment that was made in the month, whenever we heard of it."""

    paid_at: datetime
    received_at: datetime
    receipt: str
    provider_account: str
    source: str
    amount_minor: int
    account_raw: str
    serial: str | None
    customer: str
    state: str
    applied_at: datetime | None
    credit_used_minor: int
    returned_minor: int


PAYMENTS = Query(
    MonthPayment,
    "p.paid_at, p.received_at, p.receipt, p.provider_account, p.source, p.amount_minor,"
    " p.account_raw, d.serial, concat_ws(' ', c.name, c.surname) AS customer, p.state,"
    " p.applied_at, p.credit_used_minor, p.returned_minor",
    "payments p LEFT JOIN customers c ON c.id = p.customer_id"
    " LEFT JOIN devices d ON d.id = p.device_id",
    key="p.id",
    newest_first=False,
    where={"since": "p.paid_at >= :since", "until": "p.paid_at < :until"},
)


@dataclass(frozen=True, slots=True)
class MonthAllocation:
    """A part of a payment that was applied in the month: to an instalment, energy, credit, ..."""

    applied_at: datetime
    receipt: str
    number: int
    kind: str
    amount_minor: int
    serial: str | None
    sale_id: int | None


ALLOCATIONS = Query(
    MonthAllocation,
    "p.applied_at, p.receipt, l.number, l.kind, l.amount_minor, d.serial, i.sale_id",
    "payment_lines l JOIN payments p ON p.id = l.payment_id"
    " LEFT JOIN devices d ON d.id = l.device_id LEFT JOIN instalments i ON i.id = l.instalment_id",
    key="l.payment_id * 32768 + l.number",
    newest_first=False,
    where={"since": "p.applied_at >= :since", "until": "p.applied_at < :until"},
)


@dataclass(frozen=True, slots=True)
class MonthToken:
    """A token that was issued in the month, by a payment or an order. `units`: tenths of a kWh, or
    days."""

    issued_at: datetime
    serial: str
    kind: str
    units: int
    receipt: str | None
    order_id: int | None
    counter: int


TOKENS = Query(
    MonthToken,
    "t.issued_at, d.serial, t.kind, t.units, p.receipt, o.order_id, t.counter",
    "tokens t JOIN devices d ON d.id = t.device_id LEFT JOIN payments p ON p.id = t.payment_id"
    " LEFT JOIN ordered_tokens o ON o.token_id = t.id",
    key="t.id",
    newest_first=False,
    where={"since": "t.issued_at >= :since", "until": "t.issued_at < :until"},
)


@dataclass(frozen=True, slots=True)
class MonthSale:
    """A sale of the month, as it was agreed. A sale by the day has no `posted_at` and no total."""

    id: int
    posted_at: datetime | None
    sold_on: date
    customer: str
    appliance: str
    serial: str | None
    scheme: str
    cadence: str
    total_minor: int
    agent: str


# Sales as they were agreed at first; later changes are in the list of sale changes. A sale by the
# day has no price and no journal entry, so its day of sale decides.
_SOLD = "CASE WHEN s.scheme = 'service' THEN 0"
AS_SOLD = f"{_SOLD} ELSE coalesce((s.as_sold ->> 'total_minor')::bigint, s.total_minor) END"
NEW_SALES = (
    "(SELECT s.*, e.posted_at FROM journal_entries e"
    " JOIN sales s ON s.id = CAST(split_part(e.idempotency_key, ':', 2) AS bigint)"
    f" WHERE e.kind = 'sale' AND {IN_MONTH}"
    " UNION ALL SELECT s.*, NULL FROM sales s WHERE s.scheme = 'service'"
    " AND s.sold_on >= :first_on AND s.sold_on < :after_on)"
)
SALES = Query(
    MonthSale,
    "s.id, s.posted_at, s.sold_on, concat_ws(' ', c.name, c.surname) AS customer,"
    f" a.name AS appliance, d.serial, s.scheme, s.cadence, {AS_SOLD} AS total_minor,"
    " concat_ws(' ', g.name, g.surname) AS agent",
    f"{NEW_SALES} s JOIN customers c ON c.id = s.customer_id"
    " JOIN appliances a ON a.id = s.appliance_id LEFT JOIN devices d ON d.id = s.device_id"
    " LEFT JOIN agents g ON g.id = s.agent_id",
    key="s.id",
    newest_first=False,
)


def allow_long_queries(connection: Connection) -> None:
    """Raise the statement timeout to 10 minutes until the transaction ends, for sums over years."""
    connection.execute(text("SET LOCAL statement_timeout = '10min'"))

"""The month's export: what each customer owed at its end, by age, and what was taken back.

What is owed comes from the ledger, so that it agrees with the trial balance; how old it is, from
the rows it is owed for. Where a plan was changed since, the difference stands under not due.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from core.db.console.listing import Query
from core.sale import RUNNING_SQL

_OWED = """
    (SELECT o.customer_id, o.account,
            CAST(sum(CASE o.side WHEN 'debit' THEN o.amount_minor ELSE -o.amount_minor END)
                 AS bigint) AS minor
       FROM journal_entries e JOIN postings o ON o.entry_id = e.id
      WHERE e.value_at < :until AND o.account IN ('receivable:sales', 'receivable:access',
            'receivable:clawback', 'customer_credit')
      GROUP BY 1, 2) b
"""
# What payments and returns after the month have paid or opened is put back.
_LATER = """
    LEFT JOIN (
        SELECT l.{column} AS id, sum(l.amount_minor) AS minor
          FROM payments p JOIN payment_lines l ON l.payment_id = p.id
         WHERE p.applied_at >= :until GROUP BY 1) paid ON paid.id = r.id
    LEFT JOIN (
        SELECT l.{column} AS id, sum(t.amount_minor) AS minor
          FROM payment_returns b JOIN payment_return_lines t ON t.return_id = b.id
          JOIN payment_lines l ON l.payment_id = t.payment_id AND l.number = t.number
          JOIN payments p ON p.id = l.payment_id
         WHERE greatest(b.happened_at, p.applied_at) >= :until
         GROUP BY 1) opened ON opened.id = r.id
"""


def _items(account: str, rows: str, owner: str, open_minor: str, column: str) -> str:
    tables, _, condition = rows.partition(" WHERE ")
    return (
        f"SELECT {owner} AS customer_id, '{account}' AS account, r.due_on, {open_minor}"
        f" + coalesce(paid.minor, 0) - coalesce(opened.minor, 0) AS minor"
        f" FROM {tables} {_LATER.format(column=column)}"
        f" WHERE {condition or 'true'} AND r.due_on < :after_on"
    )


_ITEMS = " UNION ALL ".join(
    (
        _items(
            "receivable:sales",
            "instalments r JOIN sales s ON s.id = r.sale_id"
            f" WHERE (s.state IN {RUNNING_SQL} OR s.state = 'complete')",
            "s.customer_id",
            "r.amount_minor - r.paid_minor",
            "instalment_id",
        ),
        _items(
            "receivable:access",
            "access_charges r",
            "r.customer_id",
            "r.amount_minor - r.paid_minor - r.waived_minor",
            "access_charge_id",
        ),
        _items(
            "receivable:clawback",
            "clawbacks r",
            "r.customer_id",
            "r.amount_minor - r.paid_minor - r.written_off_minor",
            "clawback_id",
        ),
    )
)


def _aged(least: int, most: int | None) -> str:
    """Return the sum of what had been due for so many days on the last day of the month."""
    age = "CAST(:after_on AS date) - due_on"
    older = "" if most is None else f" AND {age} <= {most}"
    return f"coalesce(sum(minor) FILTER (WHERE {age} >= {least}{older}), 0)"


_AGES = f"""
    (SELECT customer_id, account, CAST({_aged(1, 30)} AS bigint) AS to_30,
            CAST({_aged(31, 60)} AS bigint) AS to_60, CAST({_aged(61, 90)} AS bigint) AS to_90,
            CAST({_aged(91, None)} AS bigint) AS older
       FROM ({_ITEMS}) items GROUP BY 1, 2) a
"""


@dataclass(frozen=True, slots=True)
class Receivable:
    """An account of a customer when the month ended. Credit is what the customer has to the good.

    The ages, in days since the due day, and what is not due sum to what is owed.
    """

    customer: str
    customer_id: int
    account: str
    owed_minor: int
    not_due_minor: int
    to_30_minor: int
    to_60_minor: int
    to_90_minor: int
    older_minor: int
    credit_minor: int


_DUE = "coalesce(a.to_30 + a.to_60 + a.to_90 + a.older, 0)"
RECEIVABLES = Query(
    Receivable,
    "concat_ws(' ', c.name, c.surname) AS customer, c.id AS customer_id, b.account,"
    " CASE b.account WHEN 'customer_credit' THEN 0 ELSE b.minor END AS owed_minor,"
    f" CASE b.account WHEN 'customer_credit' THEN 0 ELSE b.minor - {_DUE} END AS not_due_minor,"
    " coalesce(a.to_30, 0) AS to_30_minor, coalesce(a.to_60, 0) AS to_60_minor,"
    " coalesce(a.to_90, 0) AS to_90_minor, coalesce(a.older, 0) AS older_minor,"
    " CASE b.account WHEN 'customer_credit' THEN -b.minor ELSE 0 END AS credit_minor",
    f"{_OWED} JOIN customers c ON c.id = b.customer_id"
    f" LEFT JOIN {_AGES} ON a.customer_id = b.customer_id AND a.account = b.account",
    key="lpad(c.id::text, 19, '0') || b.account",
    by_number=False,
    where={"always": "b.minor <> 0"},
)


@dataclass(frozen=True, slots=True)
class MonthClawback:
    """What a customer owes for a payment that was taken back by the end of the month, as it stands
    now."""

    raised_at: datetime
    due_on: date
    receipt: str
    customer: str
    amount_minor: int
    paid_minor: int
    written_off_minor: int
    open_minor: int


CLAWBACKS = Query(
    MonthClawback,
    "k.raised_at, k.due_on, p.receipt, concat_ws(' ', c.name, c.surname) AS customer,"
    " k.amount_minor, k.paid_minor, k.written_off_minor,"
    " k.amount_minor - k.paid_minor - k.written_off_minor AS open_minor",
    "clawbacks k JOIN payments p ON p.id = k.payment_id JOIN customers c ON c.id = k.customer_id",
    key="k.id",
    newest_first=False,
    where={"until": "k.raised_at < :until"},
)

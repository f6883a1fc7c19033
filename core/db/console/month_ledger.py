"""The month's export, ledger side: what was posted, the balances, and checks against the lists.

A month is from `since` until just before `until`, by the value dates of the entries. The lists of
the business (`month`) and the ledger are read independently, so that `CHECKS` can compare them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from core.db.console.listing import Query
from core.db.console.month import AS_SOLD, IN_MONTH, NEW_SALES

_LEGS = "journal_entries e JOIN postings o ON o.entry_id = e.id"
# The key of a journal entry has the id of its payment, or of a refund of the payment.
_OF_PAYMENT = """
    LEFT JOIN payments y ON y.id = CASE
        WHEN e.kind IN ('received', 'credit_used', 'applied', 'matched', 'unmatched', 'reversed',
                        'unapplied')
        THEN CAST(split_part(e.idempotency_key, ':', 2) AS bigint)
        WHEN e.kind LIKE 'refund\\_%' THEN (SELECT payment_id FROM refunds r
            WHERE r.id = CAST(split_part(e.idempotency_key, ':', 2) AS bigint)) END
"""
_SIDES = (
    " CASE o.side WHEN 'debit' THEN o.amount_minor END AS debit_minor,"
    " CASE o.side WHEN 'credit' THEN o.amount_minor END AS credit_minor"
)
_SIGNED = "CASE o.side WHEN 'debit' THEN o.amount_minor ELSE -o.amount_minor END"
# The balance of each account when the month began, and its debits and credits since.
_MOVED = f"""
    (SELECT account, opening, debit, credit, opening + debit - credit AS closing FROM (
      SELECT o.account,
             CAST(coalesce(sum({_SIGNED}) FILTER (WHERE e.value_at < :since), 0) AS bigint)
                 AS opening,
             CAST(coalesce(sum(o.amount_minor) FILTER (WHERE e.value_at >= :since
                 AND o.side = 'debit'), 0) AS bigint) AS debit,
             CAST(coalesce(sum(o.amount_minor) FILTER (WHERE e.value_at >= :since
                 AND o.side = 'credit'), 0) AS bigint) AS credit
        FROM {_LEGS} WHERE e.value_at < :until GROUP BY o.account) sums)
"""


@dataclass(frozen=True, slots=True)
class SaleChange:
    """A sale whose price changed, or that ended otherwise than by payment, in the month."""

    posted_at: datetime
    kind: str
    sale_id: str
    customer: str
    debit_minor: int | None
    credit_minor: int | None


SALE_CHANGES = Query(
    SaleChange,
    "e.posted_at, e.kind, split_part(e.idempotency_key, ':', 2) AS sale_id,"
    f" concat_ws(' ', c.name, c.surname) AS customer,{_SIDES}",
    f"{_LEGS} LEFT JOIN customers c ON c.id = o.customer_id",
    key="o.id",
    newest_first=False,
    where={
        "always": "e.kind IN ('repriced', 'discounted', 'settled_early', 'cancelled',"
        " 'repossessed', 'written_off') AND o.account = 'receivable:sales'",
        "since": "e.value_at >= :since",
        "until": "e.value_at < :until",
    },
)


@dataclass(frozen=True, slots=True)
class AgentMonth:
    """The accounts of an agent: balances when the month began and ended, and what moved them.

    `commission_owed`: commission taken back that had been paid out before; `taken_back`: commission
    taken back that had not.
    """

    agent: str
    msisdn: str
    owed_before_minor: int
    taken_minor: int
    commission_owed_minor: int
    settled_minor: int
    written_off_minor: int
    owed_minor: int
    commission_before_minor: int
    earned_minor: int
    paid_out_minor: int
    taken_back_minor: int
    commission_minor: int


def _of_kind(kind: str, account: str) -> str:
    """Return what entries of that kind moved on an account of the agent `a` in the month."""
    return (
        "CAST(coalesce(sum(o.amount_minor) FILTER ("
        f"WHERE e.kind = '{kind}' AND o.account = '{account}:' || a.id), 0) AS bigint)"
    )


_OTHERWISE = f"""
    LATERAL (SELECT {_of_kind("commission_back", "clearing:agent")} AS commission_owed,
                    {_of_kind("shortfall_written_off", "clearing:agent")} AS written_off,
                    {_of_kind("commission_back", "commission:agent")} AS taken_back
               FROM {_LEGS} WHERE {IN_MONTH} AND e.kind IN ('commission_back',
                    'shortfall_written_off'))
"""

AGENTS = Query(
    AgentMonth,
    "concat_ws(' ', a.name, a.surname) AS agent, a.msisdn,"
    " coalesce(f.opening, 0) AS owed_before_minor,"
    " coalesce(f.debit, 0) - x.commission_owed AS taken_minor,"
    " x.commission_owed AS commission_owed_minor,"
    " coalesce(f.credit, 0) - x.written_off AS settled_minor, x.written_off AS written_off_minor,"
    " coalesce(f.closing, 0) AS owed_minor,"
    " -coalesce(m.opening, 0) AS commission_before_minor, coalesce(m.credit, 0) AS earned_minor,"
    " coalesce(m.debit, 0) - x.taken_back AS paid_out_minor, x.taken_back AS taken_back_minor,"
    " -coalesce(m.closing, 0) AS commission_minor",
    f"agents a LEFT JOIN {_MOVED} f ON f.account = 'clearing:agent:' || a.id"
    f" LEFT JOIN {_MOVED} m ON m.account = 'commission:agent:' || a.id CROSS JOIN {_OTHERWISE} x",
    key="a.id",
    newest_first=False,
)


@dataclass(frozen=True, slots=True)
class AgentMovement:
    """A posting to an account of an agent."""

    posted_at: datetime
    agent: str
    account: str
    kind: str
    receipt: str
    debit_minor: int | None
    credit_minor: int | None


AGENT_MOVEMENTS = Query(
    AgentMovement,
    "e.posted_at, concat_ws(' ', a.name, a.surname) AS agent, o.account, e.kind,"
    f" coalesce(y.receipt, split_part(e.idempotency_key, ':', 2)) AS receipt,{_SIDES}",
    f"{_LEGS} {_OF_PAYMENT} LEFT JOIN agents a ON"
    " o.account IN ('clearing:agent:' || a.id, 'commission:agent:' || a.id)",
    key="o.id",
    newest_first=False,
    where={
        "always": "o.account LIKE 'clearing:agent:%' OR o.account LIKE 'commission:agent:%'",
        "since": "e.value_at >= :since",
        "until": "e.value_at < :until",
    },
)


@dataclass(frozen=True, slots=True)
class SuspensePosting:
    """A posting to the suspense account. `state` is that of the payment now."""

    posted_at: datetime
    kind: str
    receipt: str | None
    account_raw: str | None
    state: str | None
    debit_minor: int | None
    credit_minor: int | None


SUSPENSE = Query(
    SuspensePosting,
    f"e.posted_at, e.kind, y.receipt, y.account_raw, y.state,{_SIDES}",
    f"{_LEGS} {_OF_PAYMENT}",
    key="o.id",
    newest_first=False,
    where={
        "always": "o.account = 'suspense'",
        "since": "e.value_at >= :since",
        "until": "e.value_at < :until",
    },
)


@dataclass(frozen=True, slots=True)
class RefundPosting:
    """A posting of a refund, a reversal, or of credit that was given back or moved (`receipt` is
    the reference of the act then)."""

    posted_at: datetime
    kind: str
    receipt: str | None
    account: str
    debit_minor: int | None
    credit_minor: int | None


REFUNDS = Query(
    RefundPosting,
    f"e.posted_at, e.kind, coalesce(y.receipt, a.reference) AS receipt, o.account,{_SIDES}",
    f"{_LEGS} {_OF_PAYMENT} LEFT JOIN credit_acts a"
    " ON e.idempotency_key = 'credit_' || a.kind || ':' || a.id",
    key="o.id",
    newest_first=False,
    where={
        "always": "e.kind IN ('reversed', 'credit_given_back', 'credit_moved')"
        " OR e.kind LIKE 'refund\\_%'",
        "since": "e.value_at >= :since",
        "until": "e.value_at < :until",
    },
)


@dataclass(frozen=True, slots=True)
class LedgerPosting:
    """A posting of the month with its journal entry."""

    entry_id: int
    posted_at: datetime
    value_on: date
    kind: str
    receipt: str | None
    account: str
    customer: str
    debit_minor: int | None
    credit_minor: int | None


ENTRIES = Query(
    LedgerPosting,
    "e.id AS entry_id, e.posted_at, e.value_on, e.kind, y.receipt, o.account,"
    f" concat_ws(' ', c.name, c.surname) AS customer,{_SIDES}",
    f"{_LEGS} {_OF_PAYMENT} LEFT JOIN customers c ON c.id = o.customer_id",
    key="o.id",
    newest_first=False,
    where={"since": "e.value_at >= :since", "until": "e.value_at < :until"},
)


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """An account: its balance when the month began and ended, and the sums of the month."""

    account: str
    opening_debit_minor: int
    opening_credit_minor: int
    debit_minor: int
    credit_minor: int
    closing_debit_minor: int
    closing_credit_minor: int


TRIAL_BALANCE = Query(
    AccountBalance,
    "account, greatest(opening, 0) AS opening_debit_minor,"
    " greatest(-opening, 0) AS opening_credit_minor, debit AS debit_minor,"
    " credit AS credit_minor, greatest(closing, 0) AS closing_debit_minor,"
    " greatest(-closing, 0) AS closing_credit_minor",
    f"{_MOVED} m",
    key="account",
    by_number=False,
)


def _posted_sum(condition: str) -> str:
    return f"SELECT sum(o.amount_minor) FROM {_LEGS} WHERE {IN_MONTH} AND {condition}"


# (what must agree, sum of a list, sum in the ledger)
_PAIRS = (
    (
        "payments = money received",
        "SELECT sum(amount_minor) FROM payments WHERE provider_account <> 'credit'"
        " AND paid_at >= :since AND paid_at < :until",
        _posted_sum("e.kind = 'received' AND o.side = 'debit'"),
    ),
    (
        "allocations = money and credit applied",
        "SELECT sum(l.amount_minor) FROM payment_lines l JOIN payments p ON p.id = l.payment_id"
        " WHERE p.applied_at >= :since AND p.applied_at < :until",
        _posted_sum("e.kind = 'applied' AND o.side = 'debit'"),
    ),
    (
        "sales = sales booked",
        f"SELECT sum({AS_SOLD}) FROM {NEW_SALES} s",
        _posted_sum("e.kind = 'sale' AND o.account = 'receivable:sales'"),
    ),
    (
        "cash taken by agents = what they owe for it",
        "SELECT sum(amount_minor) FROM payments WHERE provider_account LIKE 'agent:%'"
        " AND paid_at >= :since AND paid_at < :until",
        _posted_sum("e.kind = 'received' AND o.account LIKE 'clearing:agent:%'"),
    ),
    (
        "money that went back = what returns took",
        "SELECT sum(amount_minor + excess_minor) FROM payment_returns"
        " WHERE happened_at >= :since AND happened_at < :until",
        f"SELECT sum({_SIGNED}) FROM {_LEGS} WHERE {IN_MONTH}"
        " AND e.kind IN ('reversed', 'refund_done') AND o.account IN ('unapplied', 'suspense',"
        " 'receivable:clawback', 'expense:paid_twice', 'refund_payable')",
    ),
    (
        "credit given back and moved = taken from credit",
        "SELECT sum(amount_minor) FROM credit_acts"
        " WHERE happened_at >= :since AND happened_at < :until",
        _posted_sum(
            "e.kind IN ('credit_given_back', 'credit_moved') AND o.side = 'debit'"
            " AND o.account = 'customer_credit'"
        ),
    ),
    (
        "debits = credits",
        _posted_sum("o.side = 'debit'"),
        _posted_sum("o.side = 'credit'"),
    ),
)


@dataclass(frozen=True, slots=True)
class Check:
    """Two sums that must agree: the one of a list, and the one in the ledger."""

    comparison: str
    list_minor: int
    ledger_minor: int
    agrees: bool


CHECKS = Query(
    Check,
    "comparison, list_minor, ledger_minor, list_minor = ledger_minor AS agrees",
    "("
    + " UNION ALL ".join(
        f"SELECT {number} AS number, '{comparison}' AS comparison,"
        f" CAST(coalesce(({of_list}), 0) AS bigint) AS list_minor,"
        f" CAST(coalesce(({in_ledger}), 0) AS bigint) AS ledger_minor"
        for number, (comparison, of_list, in_ledger) in enumerate(_PAIRS)
    )
    + ") checks",
    key="number",
    newest_first=False,
)

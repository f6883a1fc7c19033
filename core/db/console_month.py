"""The books of a month as lists: what came, what it did, what was sold, and the ledger's own words.

A month is from `since` until just before `until`. Business tables and the ledger are read apart, so
that `CHECKS` can hold one against the other. No list holds a code or a payer's number.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from core.db.console_lists import Query

_IN_MONTH = "e.posted_at >= :since AND e.posted_at < :until"
_LEGS = "journal_entries e JOIN postings o ON o.entry_id = e.id"
# An event's key ends in the id of its payment, or of the refund of one.
_OF_PAYMENT = """
    LEFT JOIN payments y ON y.id = CASE
        WHEN e.kind IN ('received', 'applied', 'matched', 'unmatched', 'reversed', 'unapplied')
        THEN CAST(split_part(e.idempotency_key, ':', 2) AS bigint)
        WHEN e.kind LIKE 'refund\\_%' THEN (SELECT payment_id FROM refunds r
            WHERE r.id = CAST(split_part(e.idempotency_key, ':', 2) AS bigint)) END
"""
_SIDES = (
    " CASE o.side WHEN 'debit' THEN o.amount_minor END AS debit_minor,"
    " CASE o.side WHEN 'credit' THEN o.amount_minor END AS credit_minor"
)
_SIGNED = "CASE o.side WHEN 'debit' THEN o.amount_minor ELSE -o.amount_minor END"
# What an account held when the month began, and what moved it since.
_MOVED = f"""
    (SELECT account, opening, debit, credit, opening + debit - credit AS closing FROM (
      SELECT o.account,
             CAST(coalesce(sum({_SIGNED}) FILTER (WHERE e.posted_at < :since), 0) AS bigint)
                 AS opening,
             CAST(coalesce(sum(o.amount_minor) FILTER (WHERE e.posted_at >= :since
                 AND o.side = 'debit'), 0) AS bigint) AS debit,
             CAST(coalesce(sum(o.amount_minor) FILTER (WHERE e.posted_at >= :since
                 AND o.side = 'credit'), 0) AS bigint) AS credit
        FROM {_LEGS} WHERE e.posted_at < :until GROUP BY o.account) sums)
"""

PAYMENTS = Query(
    "p.received_at, p.paid_at, p.receipt, p.provider_account, p.door, p.amount_minor,"
    " p.account_raw, d.serial, concat_ws(' ', c.name, c.surname) AS customer, p.state,"
    " p.applied_at, p.credit_used_minor",
    "payments p LEFT JOIN customers c ON c.id = p.customer_id"
    " LEFT JOIN devices d ON d.id = p.device_id",
    key="p.id",
    newest_first=False,
    where={"since": "p.received_at >= :since", "until": "p.received_at < :until"},
)
LINES = Query(
    "p.applied_at, p.receipt, l.number, l.kind, l.amount_minor, d.serial, i.sale_id",
    "payment_lines l JOIN payments p ON p.id = l.payment_id"
    " LEFT JOIN devices d ON d.id = l.device_id LEFT JOIN instalments i ON i.id = l.instalment_id",
    key="l.id",
    newest_first=False,
    where={"since": "p.applied_at >= :since", "until": "p.applied_at < :until"},
)
TOKENS = Query(
    "t.issued_at, d.serial, t.kind, t.units, p.receipt, o.order_id, t.counter",
    "tokens t JOIN devices d ON d.id = t.device_id LEFT JOIN payments p ON p.id = t.payment_id"
    " LEFT JOIN ordered_tokens o ON o.token_id = t.id",
    key="t.id",
    newest_first=False,
    where={"since": "t.issued_at >= :since", "until": "t.issued_at < :until"},
)
# As they were agreed: what was changed later is a change of its own. Sold by the day, a sale has no
# price, no entry, and only its day to go by.
_SOLD = "CASE WHEN s.scheme = 'service' THEN 0"
_AS_SOLD = f"{_SOLD} ELSE coalesce((s.as_sold ->> 'total_minor')::bigint, s.total_minor) END"
_NEW_SALES = (
    "(SELECT s.*, e.posted_at FROM journal_entries e"
    " JOIN sales s ON s.id = CAST(split_part(e.idempotency_key, ':', 2) AS bigint)"
    f" WHERE e.kind = 'sale' AND {_IN_MONTH}"
    " UNION ALL SELECT s.*, NULL FROM sales s WHERE s.scheme = 'service'"
    " AND s.sold_on >= :first_on AND s.sold_on < :after_on)"
)
SALES = Query(
    "s.id, s.posted_at, s.sold_on, concat_ws(' ', c.name, c.surname) AS customer,"
    f" a.name AS appliance, d.serial, s.scheme, s.cadence, {_AS_SOLD} AS total_minor,"
    " concat_ws(' ', g.name, g.surname) AS agent",
    f"{_NEW_SALES} s JOIN customers c ON c.id = s.customer_id"
    " JOIN appliances a ON a.id = s.appliance_id LEFT JOIN devices d ON d.id = s.device_id"
    " LEFT JOIN agents g ON g.id = s.agent_id",
    key="s.id",
    newest_first=False,
)
SALE_CHANGES = Query(
    "e.posted_at, e.kind, split_part(e.idempotency_key, ':', 2) AS sale_id,"
    f" concat_ws(' ', c.name, c.surname) AS customer,{_SIDES}",
    f"{_LEGS} LEFT JOIN customers c ON c.id = o.customer_id",
    key="o.id",
    newest_first=False,
    where={
        "always": "e.kind IN ('repriced', 'cancelled') AND o.account = 'receivable:sales'",
        "since": "e.posted_at >= :since",
        "until": "e.posted_at < :until",
    },
)
AGENTS = Query(
    "concat_ws(' ', a.name, a.surname) AS agent, a.msisdn,"
    " coalesce(f.opening, 0) AS owed_before_minor, coalesce(f.debit, 0) AS taken_minor,"
    " coalesce(f.credit, 0) AS settled_minor, coalesce(f.closing, 0) AS owed_minor,"
    " -coalesce(m.opening, 0) AS commission_before_minor, coalesce(m.credit, 0) AS earned_minor,"
    " coalesce(m.debit, 0) AS paid_out_minor, -coalesce(m.closing, 0) AS commission_minor",
    f"agents a LEFT JOIN {_MOVED} f ON f.account = 'clearing:agent:' || a.id"
    f" LEFT JOIN {_MOVED} m ON m.account = 'commission:agent:' || a.id",
    key="a.id",
    newest_first=False,
)
AGENT_MOVEMENTS = Query(
    "e.posted_at, concat_ws(' ', a.name, a.surname) AS agent, o.account, e.kind,"
    f" coalesce(y.receipt, split_part(e.idempotency_key, ':', 2)) AS receipt,{_SIDES}",
    f"{_LEGS} {_OF_PAYMENT} LEFT JOIN agents a ON"
    " o.account IN ('clearing:agent:' || a.id, 'commission:agent:' || a.id)",
    key="o.id",
    newest_first=False,
    where={
        "always": "o.account LIKE 'clearing:agent:%' OR o.account LIKE 'commission:agent:%'",
        "since": "e.posted_at >= :since",
        "until": "e.posted_at < :until",
    },
)
SUSPENSE = Query(
    f"e.posted_at, e.kind, y.receipt, y.account_raw, y.state,{_SIDES}",
    f"{_LEGS} {_OF_PAYMENT}",
    key="o.id",
    newest_first=False,
    where={
        "always": "o.account = 'suspense'",
        "since": "e.posted_at >= :since",
        "until": "e.posted_at < :until",
    },
)
MONEY_BACK = Query(
    f"e.posted_at, e.kind, y.receipt, o.account,{_SIDES}",
    f"{_LEGS} {_OF_PAYMENT}",
    key="o.id",
    newest_first=False,
    where={
        "always": "e.kind = 'reversed' OR e.kind LIKE 'refund\\_%'",
        "since": "e.posted_at >= :since",
        "until": "e.posted_at < :until",
    },
)
ENTRIES = Query(
    "e.id AS entry_id, e.posted_at, e.kind, y.receipt, o.account,"
    f" concat_ws(' ', c.name, c.surname) AS customer,{_SIDES}",
    f"{_LEGS} {_OF_PAYMENT} LEFT JOIN customers c ON c.id = o.customer_id",
    key="o.id",
    newest_first=False,
    where={"since": "e.posted_at >= :since", "until": "e.posted_at < :until"},
)
TRIAL_BALANCE = Query(
    "account, greatest(opening, 0) AS opening_debit_minor,"
    " greatest(-opening, 0) AS opening_credit_minor, debit AS debit_minor,"
    " credit AS credit_minor, greatest(closing, 0) AS closing_debit_minor,"
    " greatest(-closing, 0) AS closing_credit_minor",
    f"{_MOVED} m",
    key="account",
    by_number=False,
)


def _posted(what: str) -> str:
    return f"SELECT sum(o.amount_minor) FROM {_LEGS} WHERE {_IN_MONTH} AND {what}"


# What a list of the business says, and what the ledger says of the same.
_PAIRS = (
    (
        "payments = money received",
        "SELECT sum(amount_minor) FROM payments"
        " WHERE received_at >= :since AND received_at < :until",
        _posted("e.kind = 'received' AND o.side = 'debit'"),
    ),
    (
        "payment lines = money and credit applied",
        "SELECT sum(l.amount_minor) FROM payment_lines l JOIN payments p ON p.id = l.payment_id"
        " WHERE p.applied_at >= :since AND p.applied_at < :until",
        _posted("e.kind = 'applied' AND o.side = 'debit'"),
    ),
    (
        "sales = sales booked",
        f"SELECT sum({_AS_SOLD}) FROM {_NEW_SALES} s",
        _posted("e.kind = 'sale' AND o.account = 'receivable:sales'"),
    ),
    (
        "cash taken by agents = what they owe for it",
        "SELECT sum(amount_minor) FROM payments WHERE provider_account LIKE 'agent:%'"
        " AND received_at >= :since AND received_at < :until",
        _posted("e.kind = 'received' AND o.account LIKE 'clearing:agent:%'"),
    ),
    (
        "refunds done = money sent back",
        "SELECT sum(r.amount_minor) FROM refunds r JOIN payments p ON p.id = r.payment_id"
        " WHERE r.state = 'done' AND p.state = 'refunded'"
        " AND r.ended_at >= :since AND r.ended_at < :until",
        _posted("e.kind = 'refund_done' AND o.side = 'credit'"),
    ),
    (
        "debits = credits",
        _posted("o.side = 'debit'"),
        _posted("o.side = 'credit'"),
    ),
)
CHECKS = Query(
    "what, one_minor, other_minor, one_minor = other_minor AS agrees",
    "("
    + " UNION ALL ".join(
        f"SELECT {number} AS number, '{what}' AS what,"
        f" CAST(coalesce(({one}), 0) AS bigint) AS one_minor,"
        f" CAST(coalesce(({other}), 0) AS bigint) AS other_minor"
        for number, (what, one, other) in enumerate(_PAIRS)
    )
    + ") checks",
    key="number",
    newest_first=False,
)


def take_time(connection: Connection) -> None:
    """Sums over years of a ledger take longer than a page may; until the transaction ends."""
    connection.execute(text("SET LOCAL statement_timeout = '10min'"))

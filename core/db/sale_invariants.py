"""Invariants of sales that were changed or have ended: rows, payment lines and the ledger agree."""

from __future__ import annotations

from core.sale import RUNNING_SQL

_BASE = f"""
    CASE WHEN s.state = 'complete' OR s.state IN {RUNNING_SQL} THEN s.total_minor
         ELSE coalesce((SELECT sum(paid_minor) FROM instalments i WHERE i.sale_id = s.id), 0) END
"""


def _per_sale(kept: str, ledger: str) -> str:
    """Return a query for sales of which `kept`, a column, is not what `ledger` sums up to."""
    return f"""
        SELECT 'sale ' || s.id || ': {{minor:' || s.{kept} || '}}, ledger {{minor:'
               || coalesce(l.posted, 0) || '}}'
          FROM sales s LEFT JOIN ({ledger}) l ON l.sale_id = s.id
         WHERE s.{kept} <> coalesce(l.posted, 0)
    """


def _posted(account: str, entries: str) -> str:
    """Return a query for debits less credits of an account by sale. `entries` says which, and has
    the id of the sale as the second part of their keys."""
    return f"""
        SELECT CAST(replace(split_part(e.idempotency_key, ':', {{part}}), 'sale-', '') AS bigint)
                   AS sale_id,
               sum(CASE o.side WHEN 'debit' THEN o.amount_minor ELSE -o.amount_minor END) AS posted
          FROM journal_entries e JOIN postings o ON o.entry_id = e.id
         WHERE o.account = '{account}' AND {entries} GROUP BY 1
    """


SALES: dict[str, str] = {
    "what was written off equals its entries": _per_sale(
        "written_off_minor",
        _posted("expense:bad_debt", "e.kind = 'written_off'").format(part=2),
    ),
    "the commission of a sale equals the ledger": _per_sale(
        "commission_minor",
        "SELECT sale_id, sum(posted) AS posted FROM ("
        + _posted("expense:commission", "e.idempotency_key LIKE 'commission:sale:%'").format(part=3)
        + " UNION ALL "
        + _posted("expense:commission", "e.kind = 'commission_back'").format(part=2)
        + ") booked GROUP BY 1",
    ),
    "the commission of a sale is its share of the money": f"""
        SELECT 'sale ' || s.id || ' (' || s.state || '): commission {{minor:' || s.commission_minor
               || '}}, share {{minor:' || div({_BASE} * s.commission_bp, 10000) || '}}'
          FROM sales s WHERE s.commission_minor <> div({_BASE} * s.commission_bp, 10000)
    """,
    "recoveries of a sale equal its lines": """
        SELECT 'sale ' || s.id || ': recovered {minor:' || s.recovered_minor || '}, lines {minor:'
               || coalesce(l.paid, 0) || '}'
          FROM sales s
          LEFT JOIN (SELECT l.sale_id, sum(l.amount_minor - coalesce((
                         SELECT sum(b.amount_minor) FROM payment_return_lines b
                          WHERE b.payment_id = l.payment_id AND b.number = l.number), 0)) AS paid
                       FROM payment_lines l WHERE l.kind = 'recovery' GROUP BY 1) l
            ON l.sale_id = s.id
         WHERE s.recovered_minor <> coalesce(l.paid, 0)
    """,
    "recoveries equal income:recovery": """
        SELECT 'ledger {minor:' || l.posted || '}, sales {minor:' || s.recovered || '}' FROM
          (SELECT coalesce(sum(CASE side WHEN 'credit' THEN amount_minor ELSE -amount_minor END), 0)
                  AS posted FROM postings WHERE account = 'income:recovery') l,
          (SELECT coalesce(sum(recovered_minor), 0) AS recovered FROM sales) s
         WHERE l.posted <> s.recovered
    """,
    "no sale is complete and owed": """
        SELECT 'sale ' || s.id || ': {minor:' || sum(i.amount_minor - i.paid_minor) || '} open'
          FROM sales s JOIN instalments i ON i.sale_id = s.id WHERE s.state = 'complete'
         GROUP BY s.id HAVING sum(i.amount_minor - i.paid_minor) > 0
    """,
    "a device on a plan is the product that was sold": f"""
        SELECT 'device ' || d.serial || ': ' || p.name || ', sold as ' || a.name
          FROM devices d JOIN appliances p ON p.id = d.product_id
          JOIN sales s ON s.device_id = d.id AND s.state IN {RUNNING_SQL}
          JOIN appliances a ON a.id = s.appliance_id WHERE s.appliance_id <> d.product_id
    """,
    "codes that were given away equal expense:goodwill": """
        SELECT 'code order ' || t.id || ': {minor:' || t.value_minor || '}, ledger {minor:'
               || coalesce(l.posted, 0) || '}'
          FROM token_orders t
          LEFT JOIN (SELECT e.idempotency_key, sum(o.amount_minor) AS posted
                       FROM journal_entries e JOIN postings o ON o.entry_id = e.id
                      WHERE o.account = 'expense:goodwill' GROUP BY 1) l
            ON l.idempotency_key = 'goodwill:' || t.id
         WHERE CASE t.state WHEN 'made' THEN t.value_minor ELSE 0 END <> coalesce(l.posted, 0)
    """,
}

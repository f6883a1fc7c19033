"""Invariants of money that went back: payments, their returns and lines, and the ledger agree."""

from __future__ import annotations

# What went back of a payment before it was applied: such returns took no lines.
_BEFORE_USE = """
    (SELECT coalesce(sum(r.amount_minor), 0) FROM payment_returns r WHERE r.payment_id = p.id
        AND NOT EXISTS (SELECT FROM payment_return_lines b WHERE b.return_id = r.id))
"""

RETURNS: dict[str, str] = {
    "every payment equals its lines": f"""
        SELECT 'payment ' || p.receipt || ': {{minor:' || p.amount_minor - {_BEFORE_USE}
               + p.credit_used_minor || '}} used, lines {{minor:'
               || coalesce(sum(l.amount_minor), 0) || '}}'
          FROM payments p LEFT JOIN payment_lines l ON l.payment_id = p.id
         WHERE p.applied_at IS NOT NULL GROUP BY p.id
        HAVING coalesce(sum(l.amount_minor), 0)
               <> p.amount_minor - {_BEFORE_USE} + p.credit_used_minor
    """,
    "what went back of a payment equals its returns": """
        SELECT 'payment ' || p.receipt || ': {minor:' || p.returned_minor
               || '} went back, returns {minor:' || coalesce(sum(r.amount_minor), 0) || '}'
          FROM payments p LEFT JOIN payment_returns r ON r.payment_id = p.id GROUP BY p.id
        HAVING p.returned_minor <> coalesce(sum(r.amount_minor), 0)
    """,
    "every return equals the lines it took": """
        SELECT 'payment ' || p.receipt || ': returns took {minor:' || sum(r.amount_minor)
               || '}, of its lines {minor:' || sum(b.taken) || '}'
          FROM payments p JOIN payment_returns r ON r.payment_id = p.id
          JOIN (SELECT return_id, sum(amount_minor) AS taken FROM payment_return_lines GROUP BY 1) b
            ON b.return_id = r.id
         GROUP BY p.id
        HAVING sum(b.taken) <> sum(r.amount_minor)
               + CASE WHEN p.state = 'reversed' THEN p.credit_used_minor ELSE 0 END
    """,
    "no line is taken back twice": """
        SELECT 'payment ' || p.receipt || ', line ' || l.number FROM payment_return_lines b
          JOIN payment_lines l USING (payment_id, number) JOIN payments p ON p.id = l.payment_id
         GROUP BY l.payment_id, l.number, p.id HAVING sum(b.amount_minor) > l.amount_minor
    """,
    "clawbacks equal what returns could not take back": """
        SELECT 'payment ' || p.receipt || ': clawbacks {minor:' || coalesce(c.owed, 0)
               || '}, returns {minor:' || coalesce(r.owed, 0) || '}'
          FROM payments p
          LEFT JOIN (SELECT payment_id, sum(amount_minor) AS owed FROM clawbacks GROUP BY 1) c
            ON c.payment_id = p.id
          LEFT JOIN (SELECT payment_id, sum(excess_minor + coalesce((
                         SELECT sum(clawback_minor) FROM payment_return_lines b
                          WHERE b.return_id = x.id), 0)) AS owed
                       FROM payment_returns x GROUP BY 1) r
            ON r.payment_id = p.id
         WHERE p.customer_id IS NOT NULL AND coalesce(c.owed, 0) <> coalesce(r.owed, 0)
    """,
    "credit given back and moved equals the ledger": """
        SELECT 'credit act ' || a.reference || ': {minor:' || a.amount_minor
               || '}, ledger {minor:' || coalesce(sum(o.amount_minor), 0) || '}'
          FROM credit_acts a
          LEFT JOIN entry_ids e ON e.idempotency_key = 'credit_' || a.kind || ':' || a.id
          LEFT JOIN postings o ON o.entry_id = e.id AND o.side = 'debit'
           AND o.account = 'customer_credit' AND o.customer_id = a.customer_id
         GROUP BY a.id HAVING a.amount_minor <> coalesce(sum(o.amount_minor), 0)
    """,
    "money taken in and not sent back equals clearing": """
        SELECT p.account || ': ledger {minor:' || coalesce(l.held, 0)
               || '}, payments {minor:' || p.held || '}' FROM
          (SELECT 'clearing:' || provider_account AS account, sum(moved) AS held FROM (
             SELECT provider_account, amount_minor AS moved FROM payments
             UNION ALL
             SELECT p.provider_account, -r.amount_minor - r.excess_minor
               FROM payment_returns r JOIN payments p ON p.id = r.payment_id
              WHERE r.source = 'provider'
             UNION ALL
             SELECT provider_account, -amount_minor FROM credit_acts WHERE source = 'provider') x
            WHERE provider_account NOT LIKE 'agent:%'
              AND provider_account NOT IN ('credit', 'office', 'bank')
            GROUP BY 1) p
          LEFT JOIN
          (SELECT o.account, sum(CASE o.side WHEN 'debit' THEN o.amount_minor
                                 ELSE -o.amount_minor END) AS held
             FROM postings o JOIN journal_entries e ON e.id = o.entry_id
            WHERE o.account LIKE 'clearing:%' AND e.kind NOT IN ('settlement', 'opening')
             GROUP BY 1) l
          USING (account)
         WHERE coalesce(l.held, 0) <> coalesce(p.held, 0)
    """,
}

"""Invariants of the ledger, and rows that should not wait: each as a query for offenders.

Every query returns one text per offender; none means that all is well. An amount stands in it as
`{minor:150}`, and `offenders` writes it as money. The queries read whole tables, which takes a
while on a large database; they change nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from core.db.return_invariants import RETURNS
from core.db.sale_invariants import SALES
from core.money import signed_money
from core.sale import RUNNING_SQL

_SHOWN = 3
_MINOR = re.compile(r"\{minor:(-?[0-9]+)\}")

# The customers' balances of an account; `side` is its normal side.
_BALANCES = """
    SELECT customer_id,
           sum(CASE side WHEN '{side}' THEN amount_minor ELSE -amount_minor END) AS ledger
      FROM postings WHERE account = '{account}' GROUP BY customer_id
"""

_PER_CUSTOMER = """
    SELECT 'customer ' || coalesce(l.customer_id, s.customer_id) || ': ledger {{minor:'
           || coalesce(l.ledger, 0) || '}}, rows {{minor:' || coalesce(s.kept, 0) || '}}'
      FROM ({ledger}) l FULL JOIN ({kept}) s USING (customer_id)
     WHERE coalesce(l.ledger, 0) <> coalesce(s.kept, 0)
"""


def _sub_ledger(account: str, side: str, kept: str) -> str:
    """Return a query for customers whose account balance differs from what the rows say."""
    ledger = _BALANCES.format(account=account, side=side)
    return _PER_CUSTOMER.format(ledger=ledger, kept=kept)


LEDGER: dict[str, str] = (
    RETURNS
    | SALES
    | {
        "every row has its keys": """
        SELECT 'payment ' || coalesce(p.receipt, k.receipt)
          FROM payments p FULL JOIN payment_ids k USING (id)
         WHERE (p.provider_account, p.receipt) IS DISTINCT FROM (k.provider_account, k.receipt)
            OR p.proof IS DISTINCT FROM k.proof
        UNION ALL
        SELECT 'entry ' || id FROM journal_entries e FULL JOIN entry_ids k USING (id)
         WHERE e.idempotency_key IS DISTINCT FROM k.idempotency_key
        UNION ALL
        SELECT 'code ' || id FROM tokens t FULL JOIN token_ids k USING (id)
         WHERE (t.device_id, t.counter, t.payment_id, t.part)
               IS DISTINCT FROM (k.device_id, k.counter, k.payment_id, k.part)
        UNION ALL
        SELECT 'SMS ' || id FROM sms s LEFT JOIN sms_ids k USING (id)
         WHERE (s.dedupe_key, s.provider_message_id)
               IS DISTINCT FROM (k.dedupe_key, k.provider_message_id)
    """,
        "every entry balances": """
        SELECT 'entry ' || e.id || ' (' || e.kind || ')' FROM journal_entries e
          LEFT JOIN postings p ON p.entry_id = e.id GROUP BY e.id
        HAVING count(p.id) < 2 OR sum(CASE p.side WHEN 'debit' THEN amount_minor
                                      ELSE -amount_minor END) <> 0
    """,
        "the trial balance is zero": """
        SELECT 'debits minus credits are {minor:'
               || sum(CASE side WHEN 'debit' THEN amount_minor ELSE -amount_minor END) || '}'
          FROM postings HAVING sum(CASE side WHEN 'debit' THEN amount_minor
                                   ELSE -amount_minor END) <> 0
    """,
        "every customer's credit equals the ledger": _sub_ledger(
            "customer_credit",
            "credit",
            "SELECT id AS customer_id, credit_minor AS kept FROM customers WHERE credit_minor <> 0",
        ),
        "open instalments equal receivable:sales": _sub_ledger(
            "receivable:sales",
            "debit",
            "SELECT s.customer_id, sum(i.amount_minor - i.paid_minor) AS kept FROM sales s"
            " JOIN instalments i ON i.sale_id = s.id"
            f" WHERE s.state = 'complete' OR s.state IN {RUNNING_SQL} GROUP BY 1",
        ),
        "open access charges equal receivable:access": _sub_ledger(
            "receivable:access",
            "debit",
            "SELECT customer_id, sum(amount_minor - paid_minor - waived_minor) AS kept"
            " FROM access_charges GROUP BY 1",
        ),
        "waiting payments equal unapplied": _sub_ledger(
            "unapplied",
            "credit",
            "SELECT customer_id, sum(amount_minor - returned_minor) AS kept FROM payments"
            " WHERE state = 'received' GROUP BY 1",
        ),
        "unmatched payments equal suspense": """
        SELECT 'ledger {minor:' || l.held || '}, payments {minor:' || p.held || '}' FROM
          (SELECT coalesce(sum(CASE side WHEN 'credit' THEN amount_minor ELSE -amount_minor END), 0)
                  AS held FROM postings WHERE account = 'suspense') l,
          (SELECT coalesce(sum(amount_minor - returned_minor), 0) AS held FROM payments
            WHERE state = 'suspense') p
         WHERE l.held <> p.held
    """,
        "money on its way back equals refund_payable": """
        SELECT 'ledger {minor:' || l.held || '}, payments {minor:' || p.held || '}' FROM
          (SELECT coalesce(sum(CASE side WHEN 'credit' THEN amount_minor ELSE -amount_minor END), 0)
                  AS held FROM postings WHERE account = 'refund_payable') l,
          (SELECT coalesce(sum(amount_minor - returned_minor), 0) AS held FROM payments
            WHERE state = 'refunding') p
         WHERE l.held <> p.held
    """,
        "no days are given twice": """
        WITH given AS (
            SELECT DISTINCT t.id, t.units, i.sale_id FROM tokens t
              JOIN payment_lines l ON l.payment_id = t.payment_id AND l.device_id = t.device_id
              JOIN instalments i ON i.id = l.instalment_id
             WHERE t.kind = 'days'
        )
        SELECT 'sale ' || g.sale_id || ': codes gave ' || g.days || ' days, its instalments '
               || kept.days
          FROM (SELECT sale_id, sum(units) AS days FROM given GROUP BY sale_id) g
          JOIN (SELECT sale_id, sum(days_given) AS days FROM instalments GROUP BY sale_id) kept
            USING (sale_id)
         WHERE g.days > kept.days
    """,
        "open clawbacks equal receivable:clawback": _sub_ledger(
            "receivable:clawback",
            "debit",
            "SELECT customer_id, sum(amount_minor - paid_minor - written_off_minor) AS kept"
            " FROM clawbacks GROUP BY 1",
        ),
        "every agent's float and commission equal the ledger": """
        SELECT 'agent ' || a.id || ': owes {minor:' || a.float_used_minor || '}, ledger {minor:'
               || coalesce(f.held, 0) || '}; commission {minor:' || a.commission_minor
               || '}, ledger {minor:' || -coalesce(c.held, 0) || '}'
          FROM agents a
          LEFT JOIN (SELECT account, sum(CASE side WHEN 'debit' THEN amount_minor
                                         ELSE -amount_minor END) AS held
                       FROM postings WHERE account LIKE 'clearing:agent:%' GROUP BY 1) f
            ON f.account = 'clearing:agent:' || a.id
          LEFT JOIN (SELECT account, sum(CASE side WHEN 'debit' THEN amount_minor
                                         ELSE -amount_minor END) AS held
                       FROM postings WHERE account LIKE 'commission:agent:%' GROUP BY 1) c
            ON c.account = 'commission:agent:' || a.id
         WHERE a.float_used_minor <> coalesce(f.held, 0)
            OR a.commission_minor <> -coalesce(c.held, 0)
    """,
        "every movement that was explained is in the ledger": """
        SELECT 'movement ' || h.id || ' (' || h.receipt || '): ' || coalesce(h.booked_as, 'waits')
          FROM held_movements h WHERE CASE WHEN h.booked_as <> 'nothing' THEN h.amount_minor
                                           ELSE 0 END
               <> coalesce((SELECT sum(p.amount_minor) FROM entry_ids e
                              JOIN postings p ON p.entry_id = e.id AND p.side = 'debit'
                             WHERE e.idempotency_key = 'movement:' || h.id), 0)
    """,
        "no money is both sent back and used": """
        SELECT 'payment ' || p.receipt FROM payments p
         WHERE p.state IN ('refunding', 'refunded')
           AND EXISTS (SELECT FROM tokens t WHERE t.payment_id = p.id)
    """,
        "every device's owner is the one of its last change of hands": """
        SELECT 'device ' || d.serial FROM devices d LEFT JOIN LATERAL (
               SELECT to_customer_id FROM ownership_changes c
                WHERE c.device_id = d.id ORDER BY c.id DESC LIMIT 1) last ON true
         WHERE last.to_customer_id IS DISTINCT FROM d.owner_id
    """,
        "every payment pays its own customer's debts": """
        SELECT DISTINCT 'payment ' || p.receipt FROM payments p
          JOIN payment_lines l ON l.payment_id = p.id
          LEFT JOIN instalments i ON i.id = l.instalment_id
          LEFT JOIN sales s ON s.id = coalesce(i.sale_id, l.sale_id)
          LEFT JOIN access_charges a ON a.id = l.access_charge_id
          LEFT JOIN clawbacks k ON k.id = l.clawback_id
         WHERE p.customer_id <> coalesce(s.customer_id, a.customer_id, k.customer_id, p.customer_id)
    """,
        "every payment is of who had the device when it was paid": """
        SELECT 'payment ' || p.receipt || ' for ' || d.serial FROM payments p
          JOIN devices d ON d.id = p.device_id
         WHERE p.state IN ('received', 'applied') AND p.source NOT IN ('cash', 'office', 'credit')
           AND NOT EXISTS (SELECT FROM (
                   SELECT c.to_customer_id AS owner, date_trunc('second', c.changed_at) AS since,
                          lead(c.changed_at, 1, 'infinity') OVER (ORDER BY c.id) AS until
                     FROM ownership_changes c WHERE c.device_id = d.id
                   UNION ALL
                   (SELECT coalesce(c.from_customer_id, c.to_customer_id), '-infinity', c.changed_at
                      FROM ownership_changes c WHERE c.device_id = d.id ORDER BY c.id LIMIT 1)
               ) held WHERE owner = p.customer_id AND p.paid_at BETWEEN since AND until)
           AND NOT EXISTS (SELECT FROM prompts r WHERE r.customer_id = p.customer_id
                              AND (r.payment_id = p.id OR r.account_reference = p.account_raw))
           AND NOT EXISTS (SELECT FROM audit_log a WHERE a.subject = 'payment'
                              AND a.subject_id = p.id AND a.action = 'match')
    """,
        "energy and days were sold to who had the device": """
        SELECT DISTINCT 'payment ' || p.receipt || ' for ' || d.serial FROM payments p
          JOIN payment_lines l ON l.payment_id = p.id AND l.kind IN ('energy', 'days')
          JOIN devices d ON d.id = l.device_id
         WHERE p.applied_at IS NOT NULL AND p.customer_id IS DISTINCT FROM (
               SELECT c.to_customer_id FROM ownership_changes c
                WHERE c.device_id = d.id AND c.changed_at <= p.applied_at
                ORDER BY c.id DESC LIMIT 1)
           AND NOT EXISTS ( -- a change that waited for the payment's lock on the device
               SELECT FROM ownership_changes c
                WHERE c.device_id = d.id AND c.from_customer_id = p.customer_id
                  AND c.changed_at <= p.applied_at
                  AND c.changed_at > p.applied_at - interval '1 minute')
    """,
        "what nothing proves buys nothing": """
        SELECT 'payment ' || p.receipt || ' (' || w.reason || ', ' || w.state || ')'
          FROM provider_words w JOIN payments p ON p.id = w.payment_id
         WHERE w.state IN ('waiting', 'denied', 'no_answer')
           AND (p.state = 'applied' OR EXISTS (SELECT FROM tokens t WHERE t.payment_id = p.id)
                OR p.state = 'received' AND p.next_attempt_at < '9999-01-01Z')
    """,
        "what is forged waits for a word": """
        SELECT 'payment ' || receipt FROM payments p WHERE evidence = 'forged'
           AND NOT EXISTS (SELECT FROM provider_words w WHERE w.payment_id = p.id)
    """,
        "no message dates a payment ahead": """
        SELECT 'payment ' || receipt || ' at ' || paid_at FROM payments
         WHERE source IN ('c2b', 'stk') AND paid_at > received_at
    """,
        "a change of debts holds earlier payments": """
        SELECT DISTINCT 'customer ' || c.id || ': ' || e.kind || ' at ' || e.posted_at
          FROM journal_entries e JOIN postings p ON p.entry_id = e.id
          JOIN customers c ON c.id = p.customer_id
         WHERE e.kind IN ('unapplied', 'repriced', 'discounted', 'cancelled', 'repossessed',
                          'settled_early', 'written_off', 'credit_given_back')
           AND e.posted_at > coalesce(c.debts_changed_at, '-infinity')
    """,
        "every vend that was done has its codes or was pushed": """
        SELECT 'vend ' || v.id FROM vends v WHERE v.state = 'done'
           AND v.pushed = EXISTS (SELECT FROM vended_tokens t WHERE t.vend_id = v.id)
    """,
        "a payment is vended once, in the units that it bought": """
        SELECT 'vend ' || v.id || ': its codes give ' || given.units || ' of ' || v.units
          FROM vends v JOIN LATERAL (
               SELECT sum(t.units) AS units FROM vended_tokens c JOIN tokens t ON t.id = c.token_id
                WHERE c.vend_id = v.id HAVING count(*) > 0) given ON true
         WHERE given.units <> v.units
           AND NOT EXISTS (SELECT FROM cases k WHERE k.dedupe_key = 'vend_late_answer:' || v.id)
    """,
        "no token is ahead of its device's counter": """
        SELECT 'device ' || d.serial FROM devices d JOIN tokens t ON t.device_id = d.id
         GROUP BY d.id HAVING max(t.counter) > d.token_counter
    """,
    }
)

WAITING: dict[str, str] = {
    "no payment is stuck": """
        SELECT 'payment ' || receipt || ' since ' || received_at || coalesce(': ' || problem, '')
          FROM payments p WHERE state = 'received'
           AND (problem IS NOT NULL OR received_at < :now - interval '5 minutes')
           AND NOT EXISTS (SELECT FROM provider_words w
                            WHERE w.payment_id = p.id AND w.state = 'waiting') ORDER BY id
    """,
    "every provider is asked for its word in time": """
        SELECT 'payment ' || p.receipt || ' since ' || w.asked_for_at
          FROM provider_words w JOIN payments p ON p.id = w.payment_id
         WHERE w.state = 'waiting' AND w.next_attempt_at < :now - interval '10 minutes'
         ORDER BY p.id
    """,
    "no forged payment is suspected": """
        SELECT detail FROM cases WHERE kind = 'forged_confirmation' AND closed_at IS NULL
         ORDER BY id
    """,
    "no ordered code is stuck": """
        SELECT 'code for ' || d.serial || ' (' || o.kind || ') since ' || o.ordered_at
               || coalesce(': ' || o.problem, '')
          FROM token_orders o JOIN devices d ON d.id = o.device_id
         WHERE o.state = 'waiting'
           AND (o.problem IS NOT NULL OR o.ordered_at < :now - interval '5 minutes') ORDER BY o.id
    """,
    "no meter's access fees are behind": """
        SELECT 'meter ' || serial || ' since ' || due_on FROM (
          SELECT d.serial, d.access_anchor_on + v.access_every_days AS due_on
            FROM devices d CROSS JOIN LATERAL (
                   SELECT access_every_days FROM tariff_versions
                    WHERE tariff_id = d.tariff_id AND valid_from <= d.access_anchor_on
                    ORDER BY valid_from DESC LIMIT 1) v
           WHERE d.owner_id IS NOT NULL) next
         WHERE due_on < CAST(:now AS date) - 1 ORDER BY due_on, serial
    """,
    "no text is stuck": """
        SELECT 'text ' || id || ' since ' || created_at || coalesce(': ' || provider_status, '')
          FROM sms WHERE next_attempt_at IS NOT NULL AND redeliveries = 0
           AND created_at < :now - interval '10 minutes' ORDER BY id
    """,
    "no vend waits for a person": """
        SELECT 'vend ' || v.id || ' for ' || d.serial || ' (' || v.state || '), asked '
               || coalesce(v.asked_at::text, 'never') || coalesce(': ' || v.words, '')
          FROM vends v JOIN devices d ON d.id = v.device_id
         WHERE v.state = 'unknown' AND v.next_attempt_at IS NULL
            OR v.state IN ('refused', 'withdrawn') AND NOT v.given_back
               AND v.payment_id IS NOT NULL
         ORDER BY v.id
    """,
    "no vend is late": """
        SELECT 'vend ' || v.id || ' for ' || d.serial || ' (' || v.state || ') since '
               || v.created_at || coalesce(': ' || v.words, '')
          FROM vends v JOIN devices d ON d.id = v.device_id
         WHERE v.next_attempt_at IS NOT NULL AND v.created_at < :now - interval '10 minutes'
         ORDER BY v.id
    """,
    "every vend has an account with its vendor": """
        SELECT 'vend ' || v.id || ' for ' || d.serial || ': no account '
               || coalesce(v.account, m.account) || ' with ' || coalesce(v.vendor, m.token_family)
          FROM vends v JOIN devices d ON d.id = v.device_id
          JOIN manufacturers m ON m.id = d.manufacturer_id
         WHERE v.next_attempt_at IS NOT NULL AND NOT EXISTS (
               SELECT FROM vendor_accounts a WHERE a.vendor = coalesce(v.vendor, m.token_family)
                  AND a.account = coalesce(v.account, m.account))
         ORDER BY v.id
    """,
    "every vendor's list is compared": """
        SELECT vendor || ':' || account || ' until ' || coalesce(audited_until, set_up_at)
          FROM vendor_accounts WHERE can_list
           AND coalesce(audited_until, set_up_at) < :now - interval '3 days'
         ORDER BY vendor, account
    """,
    "every provider takes calls": """
        SELECT provider || ' since ' || open_since || ': ' || code FROM circuits
         WHERE open_since IS NOT NULL ORDER BY provider
    """,
    "provider balances agree": """
        SELECT provider_account || ' at ' || stated_at || ': {minor:' || stated_minor
               || '} at the provider, {minor:' || booked_minor || '} in the books'
          FROM (SELECT DISTINCT ON (provider_account) * FROM balance_assertions
                 ORDER BY provider_account, stated_at DESC) latest
         WHERE stated_minor <> booked_minor
    """,
    "no unmatched money is forgotten": """
        SELECT 'payment ' || receipt || ' since ' || received_at FROM payments
         WHERE state = 'suspense' AND received_at < :now - interval '3 days' ORDER BY id
    """,
    "no refund is stuck": """
        SELECT 'refund ' || id || ' (' || state || ') since ' || requested_at FROM refunds
         WHERE state NOT IN ('done', 'failed') AND requested_at < :now - interval '2 hours'
         ORDER BY id
    """,
    "no case waits for days": """
        SELECT kind || ' since ' || opened_at || ': ' || detail FROM cases
         WHERE closed_at IS NULL AND opened_at < :now - interval '3 days' ORDER BY id
    """,
    "no prompt is unresolved": """
        SELECT 'prompt ' || id || ' (' || state || ') since ' || created_at FROM prompts
         WHERE state IN ('waiting', 'sending', 'pending', 'unknown', 'approved')
           AND created_at < :now - interval '2 hours'
           AND NOT EXISTS (SELECT FROM cases k WHERE k.dedupe_key IN (
                               'prompt_unknown:' || prompts.id,
                               'paid_without_receipt:' || prompts.id))
         ORDER BY id
    """,
}


def offenders(connection: Connection, query: str, now: datetime) -> str:
    """Return the first offenders of a query and how many there are; empty when there are none."""
    found = [
        row[0] for row in connection.execute(text(query), {"now": now} if ":now" in query else {})
    ]
    if any(_MINOR.search(offender) for offender in found[:_SHOWN]):
        currency = connection.execute(text("SELECT currency FROM market")).scalar_one()
        found[:_SHOWN] = [
            _MINOR.sub(lambda amount: signed_money(int(amount[1]), currency), offender)
            for offender in found[:_SHOWN]
        ]
    return first_of(found)


def first_of(found: Sequence[str]) -> str:
    """Return the first offenders and how many more there are."""
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return "; ".join(found[:_SHOWN]) + more

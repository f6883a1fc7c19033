"""What must be true once all is quiet: the provider's ledger and the books say the same."""

from __future__ import annotations

import time

from sqlalchemy import Connection, text

from core.db.invariants import BOOKS, offenders
from core.unit import unit_opener
from torture.deployment import Deployment

# The rows that hold money; texts, callbacks and refunds have waits of minutes in them.
MONEY = ("payments moved and not in the books", "payments not applied")
# What still moves, by name. Prompts that nobody answered for are looked up for an hour: each has
# its next look scheduled, or its last one behind it, which an operator sees.
_UNREST = {
    "payments moved and not in the books": """
        SELECT count(*) FROM simulator.transactions t
         WHERE NOT EXISTS (SELECT FROM payments p WHERE p.receipt = t.receipt
                            AND p.provider_account = 'daraja:' || t.shortcode)
    """,
    "payments not applied": "SELECT count(*) FROM payments WHERE state = 'received'",
    "refunds on their way": """
        SELECT count(*) FROM refunds WHERE state NOT IN ('done', 'failed')
           AND next_attempt_at IS NOT NULL
    """,
    "texts not handed over": "SELECT count(*) FROM sms WHERE next_attempt_at IS NOT NULL",
    "callbacks on their way": "SELECT count(*) FROM simulator.callbacks WHERE closed_at IS NULL",
}

_VERDICTS = {
    "lost": _UNREST["payments moved and not in the books"],
    "invented": """
        SELECT count(*) FROM payments p WHERE provider_account LIKE 'daraja:%'
           AND NOT EXISTS (SELECT FROM simulator.transactions t WHERE t.receipt = p.receipt)
    """,
    "booked with another amount": """
        SELECT count(*) FROM payments p JOIN simulator.transactions t USING (receipt)
         WHERE p.amount_minor <> t.amount_minor
    """,
    "stuck": "SELECT count(*) FROM payments WHERE state = 'received'",
    "refunds nobody looks after": """
        SELECT count(*) FROM refunds r WHERE state NOT IN ('done', 'failed')
           AND next_attempt_at IS NULL
           AND NOT EXISTS (SELECT FROM cases c WHERE c.payment_id = r.payment_id)
    """,
    "applied twice": """
        SELECT count(*) FROM (
            SELECT p.id FROM payments p JOIN payment_lines l ON l.payment_id = p.id
             GROUP BY p.id HAVING sum(l.amount_minor) <> p.amount_minor + p.credit_used_minor
        ) wrong
    """,
    "second tokens": """
        SELECT count(*) - count(DISTINCT (device_id, counter))
             + count(*) - count(DISTINCT (device_id, text))
          FROM tokens
    """,
    "energy on tokens that nobody paid for, in KES cents": """
        SELECT abs((SELECT coalesce(sum(units), 0) * 1000 FROM tokens WHERE kind = 'energy')
             - (SELECT coalesce(sum(amount_minor), 0) FROM payment_lines WHERE kind = 'energy'))
    """,
    "days on tokens that nobody paid for": """
        SELECT coalesce(sum(abs(given - bought)), 0) FROM (
            SELECT s.device_id, sum(i.paid_minor * i.days / i.amount_minor) AS bought,
                   (SELECT coalesce(sum(units), 0) FROM tokens t
                     WHERE t.device_id = s.device_id AND t.kind = 'days') AS given
              FROM sales s JOIN instalments i ON i.sale_id = s.id
             WHERE s.device_id IS NOT NULL AND s.state = 'open' GROUP BY s.device_id
        ) per_device
    """,
    "refunds the provider knows nothing of": """
        SELECT count(*) FROM payments p WHERE state = 'refunded'
           AND NOT EXISTS (SELECT FROM simulator.reversals r WHERE r.undoes = p.receipt)
    """,
    "payments given back and still in the books": """
        SELECT count(*) FROM simulator.reversals r JOIN payments p ON p.receipt = r.undoes
         WHERE p.state NOT IN ('refunding', 'refunded', 'reversed')
    """,
    "clearing differs from the provider's balance, in KES cents": """
        SELECT abs((SELECT coalesce(sum(CASE side WHEN 'debit' THEN amount_minor
                                       ELSE -amount_minor END), 0)
                      FROM postings WHERE account = 'clearing:daraja:600123')
             - (SELECT coalesce(max(balance_minor), 0) FROM simulator.wallets
                 WHERE holder = '600123')
             - (SELECT coalesce(sum(p.amount_minor), 0) FROM simulator.reversals r
                  JOIN payments p ON p.receipt = r.undoes WHERE p.state = 'refunding'))
    """,
    "prompts nobody looks after": """
        SELECT count(*) FROM prompts WHERE next_attempt_at IS NULL
           AND state IN ('waiting', 'sending', 'pending')
    """,
}

_FACTS = {
    "payments the provider moved": "SELECT count(*) FROM simulator.transactions",
    "of which found on its list only": "SELECT count(*) FROM payments WHERE source = 'pull'",
    "cash payments": "SELECT count(*) FROM payments WHERE source = 'cash'",
    "payments applied": "SELECT count(*) FROM payments WHERE state = 'applied'",
    "payments in suspense": "SELECT count(*) FROM payments WHERE state = 'suspense'",
    "payments sent back": "SELECT count(*) FROM payments WHERE state = 'refunded'",
    "cases for a person": "SELECT count(*) FROM cases",
    "callbacks the provider made": "SELECT count(*) FROM simulator.callbacks",
    "of which repeated": "SELECT coalesce(sum(greatest(attempts, 1) - 1), 0)"
    " + count(*) - count(DISTINCT (url, body)) FROM simulator.callbacks",
    "tokens": "SELECT count(*) FROM tokens",
    "texts delivered": "SELECT count(*) FROM simulator.sms",
    "of which twice": "SELECT count(*) - count(DISTINCT (msisdn, body)) FROM simulator.sms",
    "prompts asked for": "SELECT count(*) FROM prompts",
    "prompts that reached a phone": "SELECT count(*) FROM simulator.prompts",
    "prompts paid": "SELECT count(*) FROM prompts WHERE state = 'paid'",
    "prompts failed": "SELECT count(*) FROM prompts WHERE state = 'failed'",
    "prompts still looked up": "SELECT count(*) FROM prompts WHERE next_attempt_at IS NOT NULL",
    "prompts approved, receipt by another callback": "SELECT count(*) FROM prompts"
    " WHERE state = 'approved'",
}


def wait_until_settled(
    deployment: Deployment, patience_s: float, *, money_only: bool
) -> dict[str, int]:
    """Until nothing moves any more, or patience ends; what still moves."""
    deadline = time.monotonic() + patience_s
    asked = {what: sql for what, sql in _UNREST.items() if not money_only or what in MONEY}
    while True:
        unrest = {what: n for what, n in _asked(deployment, asked).items() if n}
        if not unrest or time.monotonic() > deadline:
            return unrest
        time.sleep(0.2)


def find_violations(deployment: Deployment) -> dict[str, str]:
    """Everything that is not as it must be; empty when the run has passed."""
    wrong = {what: str(n) for what, n in _asked(deployment, _VERDICTS).items() if n}
    with unit_opener(deployment.engine)() as unit:
        found = {name: offenders(unit.connection, sql, unit.now) for name, sql in BOOKS.items()}
    return wrong | {name: what for name, what in found.items() if what}


def facts(deployment: Deployment) -> dict[str, int]:
    """What the run did, in numbers."""
    return _asked(deployment, _FACTS)


def _asked(deployment: Deployment, queries: dict[str, str]) -> dict[str, int]:
    with deployment.engine.connect() as connection:
        return {name: _number(connection, sql) for name, sql in queries.items()}


def _number(connection: Connection, sql: str) -> int:
    return int(connection.execute(text(sql)).scalar_one())

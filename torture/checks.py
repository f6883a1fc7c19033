"""What must be true when nothing is pending: provider and database record the same payments."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import cast

import psycopg
from sqlalchemy import Connection, text

from core.db.invariants import LEDGER, offenders
from core.unit import unit_opener
from torture.dataset import AGENT
from torture.deployment import Deployment

# The rows that hold money. SMS, callbacks and refunds may wait for minutes.
MONEY = (
    "payments made and not in the database",
    "payments not applied",
    "vends that have not ended",
)
# What is still pending, by name. Unanswered prompts are not part of it: they are looked up for an
# hour, and after that an operator sees them.
_PENDING = {
    "payments made and not in the database": """
        SELECT count(*) FROM simulator.transactions t
         WHERE NOT EXISTS (SELECT FROM payments p WHERE p.receipt = t.receipt
                            AND p.provider_account = 'daraja:' || t.shortcode)
    """,
    "payments not applied": "SELECT count(*) FROM payments WHERE state = 'received'",
    "refunds pending": """
        SELECT count(*) FROM refunds WHERE state NOT IN ('done', 'failed')
           AND next_attempt_at IS NOT NULL
    """,
    "vends that have not ended": """
        SELECT count(*) FROM vends WHERE state IN ('waiting', 'asked', 'unknown')
    """,
    "SMS not sent": "SELECT count(*) FROM sms WHERE next_attempt_at IS NOT NULL",
    "callbacks pending": "SELECT count(*) FROM simulator.callbacks WHERE closed_at IS NULL",
}

_VIOLATIONS = {
    "lost": _PENDING["payments made and not in the database"],
    "invented": """
        SELECT count(*) FROM payments p WHERE provider_account LIKE 'daraja:%'
           AND NOT EXISTS (SELECT FROM simulator.transactions t WHERE t.receipt = p.receipt)
    """,
    "booked with another amount": """
        SELECT count(*) FROM payments p JOIN simulator.transactions t USING (receipt)
         WHERE p.amount_minor <> t.amount_minor
    """,
    "stuck": "SELECT count(*) FROM payments WHERE state = 'received'",
    "refunds without a next attempt or a case": """
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
        SELECT count(counter)
             - count(DISTINCT (device_id, counter)) FILTER (WHERE counter IS NOT NULL)
             + count(*) - count(DISTINCT (device_id, text))
          FROM tokens
    """,
    "energy on tokens that was not paid for, in KES cents": """
        SELECT abs((SELECT coalesce(sum(units), 0) * 1000 FROM tokens WHERE kind = 'energy')
             + (SELECT coalesce(sum(units), 0) * 1000 FROM vends v WHERE kind = 'energy'
                   AND NOT EXISTS (SELECT FROM vended_tokens t WHERE t.vend_id = v.id))
             - (SELECT coalesce(sum(amount_minor), 0) FROM payment_lines WHERE kind = 'energy'))
    """,
    "meters whose vendor vended otherwise than we have it": """
        SELECT count(*) FROM (
            SELECT serial, count(*) AS times, sum(units) AS units, sum(money) AS money
              FROM simulator.vends GROUP BY 1) theirs
          FULL JOIN (
            SELECT d.serial, count(*) AS times, sum(v.units) AS units,
                   sum(v.amount_minor) AS money
              FROM vends v JOIN devices d ON d.id = v.device_id
             WHERE v.state = 'done' GROUP BY 1) ours USING (serial)
         WHERE theirs.times IS DISTINCT FROM ours.times
            OR (theirs.units IS DISTINCT FROM ours.units
                AND theirs.money IS DISTINCT FROM ours.money)
    """,
    "days on tokens that were not paid for": """
        SELECT coalesce(sum(abs(given - bought)), 0) FROM (
            SELECT s.device_id, sum(i.days_given) AS bought,
                   (SELECT coalesce(sum(units), 0) FROM tokens t
                     WHERE t.device_id = s.device_id AND t.kind = 'days') AS given
              FROM sales s JOIN instalments i ON i.sale_id = s.id
             WHERE s.device_id IS NOT NULL AND s.state = 'open' GROUP BY s.device_id
        ) per_device
    """,
    "refunds unknown to the provider": """
        SELECT count(*) FROM payments p WHERE state = 'refunded'
           AND NOT EXISTS (SELECT FROM simulator.reversals r WHERE r.undoes = p.receipt)
    """,
    "reversed payments that the database does not show as such": """
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
    # Money may serve the customer who owned its device when it was paid, or whom an operator named.
    "served another than it was paid for": """
        SELECT count(*) FROM payments p WHERE p.applied_at IS NOT NULL
           AND p.device_id IS NOT NULL AND p.customer_id NOT IN (
               SELECT (SELECT to_customer_id FROM ownership_changes c
                        WHERE c.device_id = p.device_id AND c.changed_at < p.paid_at + spread
                        ORDER BY c.id DESC LIMIT 1)
                 FROM unnest(ARRAY[interval '0', interval '1 second']) spread)
           AND NOT EXISTS (SELECT FROM audit_log a WHERE a.subject = 'payment'
                            AND a.subject_id = p.id AND a.action = 'match')
           AND NOT EXISTS (SELECT FROM prompts r WHERE r.payment_id = p.id
                            AND r.customer_id = p.customer_id)
""",
    "prompts without a next attempt": """
        SELECT count(*) FROM prompts WHERE next_attempt_at IS NULL
           AND state IN ('waiting', 'sending', 'pending')
    """,
}

_COLLECTIONS = text("""
    SELECT a.msisdn, p.amount_minor, count(*) FROM payments p
      JOIN agents a ON p.provider_account = 'agent:' || a.id
     WHERE a.msisdn <> :other GROUP BY 1, 2
""")

_PROVIDERS_TABLES = text(
    "SELECT format('simulator.%I', table_name) FROM information_schema.tables"
    " WHERE table_schema = 'simulator' ORDER BY table_name"
)

_STATISTICS = {
    "payments recorded by the provider": "SELECT count(*) FROM simulator.transactions",
    "of which found by pull only": "SELECT count(*) FROM payments WHERE source = 'pull'",
    "cash payments": "SELECT count(*) FROM payments WHERE source = 'cash'",
    "payments applied": "SELECT count(*) FROM payments WHERE state = 'applied'",
    "payments in suspense": "SELECT count(*) FROM payments WHERE state = 'suspense'",
    "payments sent back": "SELECT count(*) FROM payments WHERE state = 'refunded'",
    "cases for a person": "SELECT count(*) FROM cases",
    "callbacks of the provider": "SELECT count(*) FROM simulator.callbacks",
    "of which repeated": "SELECT coalesce(sum(greatest(attempts, 1) - 1), 0)"
    " + count(*) - count(DISTINCT (url, body)) FROM simulator.callbacks",
    "tokens": "SELECT count(*) FROM tokens",
    "vends": "SELECT count(*) FROM vends",
    "of which asked for again": "SELECT count(*) FROM vends WHERE asks > 1",
    "of which a person decided": "SELECT count(*) FROM vends WHERE decided_by IS NOT NULL",
    "SMS delivered": "SELECT count(*) FROM simulator.sms",
    "of which twice": "SELECT count(*) - count(DISTINCT (msisdn, body)) FROM simulator.sms",
    "prompts requested": "SELECT count(*) FROM prompts",
    "prompts that reached a phone": "SELECT count(*) FROM simulator.prompts",
    "prompts paid": "SELECT count(*) FROM prompts WHERE state = 'paid'",
    "prompts failed": "SELECT count(*) FROM prompts WHERE state = 'failed'",
    "prompts still looked up": "SELECT count(*) FROM prompts WHERE next_attempt_at IS NOT NULL",
    "prompts approved, receipt still unknown": "SELECT count(*) FROM prompts"
    " WHERE state = 'approved'",
}


def wait_until_settled(
    deployment: Deployment, patience_s: float, *, money_only: bool
) -> dict[str, int]:
    """Wait until nothing is pending or `patience_s` is over. Returns what is still pending."""
    deadline = time.monotonic() + patience_s
    queries = {name: sql for name, sql in _PENDING.items() if not money_only or name in MONEY}
    while True:
        _copy_what_the_providers_know(deployment)
        pending = {name: count for name, count in _run_counts(deployment, queries).items() if count}
        if not pending or time.monotonic() > deadline:
            return pending
        time.sleep(1)


def _copy_what_the_providers_know(deployment: Deployment) -> None:
    """Copy the providers' tables into the schema `simulator` of the product's database, where the
    queries of this module compare them with the product's own."""
    with (
        deployment.runtime.engine.connect() as theirs,
        deployment.engine.begin() as ours,
    ):
        tables = theirs.execute(_PROVIDERS_TABLES).scalars().all()
        ours.exec_driver_sql(f"TRUNCATE {', '.join(tables)}")
        source, target = _cursor(theirs), _cursor(ours)
        for table in tables:
            with (
                source.copy(f"COPY {table} TO STDOUT") as read,
                target.copy(f"COPY {table} FROM STDIN") as written,
            ):
                for data in read:
                    written.write(data)


def _cursor(connection: Connection) -> psycopg.Cursor[tuple[object, ...]]:
    driver = cast("psycopg.Connection[tuple[object, ...]]", connection.connection.driver_connection)
    return driver.cursor()


def find_violations(
    deployment: Deployment,
    booked_by_ussd: Collection[tuple[str, int]],
    refused_by_ussd: Collection[tuple[str, int]],
) -> dict[str, str]:
    """Everything that must not be, with its count; empty when the run has passed.

    `booked_by_ussd`: (agent's number, amount in minor units) of what agents saw booked;
    `refused_by_ussd`: of what was refused at last.
    """
    _copy_what_the_providers_know(deployment)
    violations = {name: str(n) for name, n in _run_counts(deployment, _VIOLATIONS).items() if n}
    violations |= _wrong_collections(deployment, booked_by_ussd, refused_by_ussd)
    with unit_opener(deployment.engine)() as unit:
        offences = {name: offenders(unit.connection, sql, unit.now) for name, sql in LEDGER.items()}
    return violations | {name: offender for name, offender in offences.items() if offender}


def _wrong_collections(
    deployment: Deployment,
    booked_by_ussd: Collection[tuple[str, int]],
    refused_by_ussd: Collection[tuple[str, int]],
) -> dict[str, str]:
    with deployment.engine.connect() as connection:
        found = connection.execute(_COLLECTIONS, {"other": AGENT})
        in_books = {(msisdn, amount): number for msisdn, amount, number in found}
    twice = [collection for collection, number in in_books.items() if number > 1]
    lost = [collection for collection in booked_by_ussd if collection not in in_books]
    ended = {*booked_by_ussd, *refused_by_ussd}
    unseen = [collection for collection in in_books if collection not in ended]
    wrong = {"cash booked twice": twice, "cash shown and not booked": lost}
    wrong["cash booked and never shown to its agent"] = unseen
    return {name: str(found[:5]) for name, found in wrong.items() if found}


def collect_statistics(deployment: Deployment) -> dict[str, int]:
    """What happened in the run, in numbers."""
    return _run_counts(deployment, _STATISTICS)


def _run_counts(deployment: Deployment, queries: dict[str, str]) -> dict[str, int]:
    with deployment.engine.connect() as connection:
        return {name: _count_rows(connection, sql) for name, sql in queries.items()}


def _count_rows(connection: Connection, sql: str) -> int:
    return int(connection.execute(text(sql)).scalar_one())

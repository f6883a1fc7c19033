"""The figures of the console's front page."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, text

AGES = ("1-30", "31-60", "61-90", "over 90")


def money_by_day(connection: Connection, since: datetime, zone: str) -> list[Row[Any]]:
    """(day, amount, payments) received by day of the market, days without money left out."""
    rows = connection.execute(
        text(
            "SELECT (received_at AT TIME ZONE :zone)::date AS day,"
            " sum(amount_minor)::bigint AS amount_minor, count(*) AS payments FROM payments"
            " WHERE received_at >= :since AND state NOT IN ('refunded', 'reversed')"
            " GROUP BY 1 ORDER BY 1"
        ),
        {"since": since, "zone": zone},
    )
    return list(rows)


def tokens_by_day(connection: Connection, since: datetime, zone: str) -> list[Row[Any]]:
    """(day, issued) by day of the market, days without a token left out."""
    rows = connection.execute(
        text(
            "SELECT (issued_at AT TIME ZONE :zone)::date AS day, count(*) AS issued FROM tokens"
            " WHERE issued_at >= :since GROUP BY 1 ORDER BY 1"
        ),
        {"since": since, "zone": zone},
    )
    return list(rows)


def tokens_since(connection: Connection, since: datetime) -> list[Row[Any]]:
    """(kind, count, units) of the tokens issued since then."""
    rows = connection.execute(
        text(
            "SELECT kind, count(*) AS issued, sum(units)::bigint AS units FROM tokens"
            " WHERE issued_at >= :since GROUP BY kind ORDER BY kind"
        ),
        {"since": since},
    )
    return list(rows)


def work(connection: Connection, since: datetime) -> Row[Any]:
    """What waits, and what went wrong, as counts; failures since then where they have a time."""
    return connection.execute(
        text(
            """
            SELECT (SELECT count(*) FROM payments WHERE state = 'received') AS payments_waiting,
                   (SELECT count(*) FROM payments WHERE state = 'received'
                       AND problem IS NOT NULL) AS payments_stuck,
                   (SELECT count(*) FROM payments WHERE state = 'suspense') AS suspense,
                   (SELECT coalesce(sum(amount_minor), 0)::bigint FROM payments
                     WHERE state = 'suspense') AS suspense_minor,
                   (SELECT count(*) FROM sms WHERE next_attempt_at IS NOT NULL) AS texts_waiting,
                   (SELECT count(*) FROM sms WHERE state IN ('failed', 'unknown')
                       AND created_at >= :since
                       AND id >= (SELECT coalesce(max(id), 0) - 100000 FROM sms)) AS texts_failed,
                   (SELECT count(*) FROM prompts WHERE next_attempt_at IS NOT NULL)
                       AS prompts_waiting,
                   (SELECT count(*) FROM refunds WHERE state NOT IN ('done', 'failed'))
                       AS refunds_waiting,
                   (SELECT count(*) FROM cases WHERE closed_at IS NULL) AS cases_open
            """
        ),
        {"since": since},
    ).one()


def collected(connection: Connection, first: date, last: date) -> tuple[int, int]:
    """(due, paid): instalments and access rates that fell due in those days, what is paid of it."""
    row = connection.execute(
        text(
            """
            SELECT coalesce(sum(amount_minor), 0)::bigint, coalesce(sum(paid_minor), 0)::bigint
              FROM (SELECT i.amount_minor, i.paid_minor FROM instalments i
                      JOIN sales s ON s.id = i.sale_id AND s.state <> 'cancelled'
                     WHERE i.due_on BETWEEN :first AND :last
                    UNION ALL
                    SELECT amount_minor, paid_minor FROM access_charges
                     WHERE due_on BETWEEN :first AND :last) due
            """
        ),
        {"first": first, "last": last},
    ).one()
    return row[0], row[1]


def arrears(connection: Connection, today: date) -> list[tuple[str, int, int]]:
    """(age in days, amount, customers) of what is overdue: every age, also an empty one."""
    rows = connection.execute(
        text(
            """
            SELECT least((:today - due_on - 1) / 30, 3) AS age,
                   sum(open_minor)::bigint, count(DISTINCT customer_id)
              FROM (SELECT s.customer_id, i.due_on, i.amount_minor - i.paid_minor AS open_minor
                      FROM instalments i JOIN sales s ON s.id = i.sale_id AND s.state = 'open'
                     WHERE i.due_on < :today AND i.paid_minor < i.amount_minor
                    UNION ALL
                    SELECT customer_id, due_on, amount_minor - paid_minor FROM access_charges
                     WHERE due_on < :today AND paid_minor < amount_minor) overdue
             GROUP BY 1
            """
        ),
        {"today": today},
    )
    found = {row[0]: (row[1], row[2]) for row in rows}
    return [(label, *found.get(age, (0, 0))) for age, label in enumerate(AGES)]

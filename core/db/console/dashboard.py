"""The figures of the console's front page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from core.db.typed_rows import all_rows, one_row
from core.device import TokenKind
from core.sale import DUE_SQL

AGES = ("1-30", "31-60", "61-90", "over 90")


@dataclass(frozen=True, slots=True)
class DayOfMoney:
    """The money received on a day of the market."""

    day: date
    amount_minor: int
    payments: int


def money_by_day(connection: Connection, since: datetime, zone: str) -> list[DayOfMoney]:
    """Return the money received since then, day by day. Days without money are left out."""
    return all_rows(
        connection,
        DayOfMoney,
        "SELECT (received_at AT TIME ZONE :zone)::date AS day,"
        " sum(amount_minor - returned_minor)::bigint AS amount_minor, count(*) AS payments"
        " FROM payments WHERE received_at >= :since AND returned_minor < amount_minor"
        " AND provider_account <> 'credit'"
        " GROUP BY 1 ORDER BY 1",
        since=since,
        zone=zone,
    )


@dataclass(frozen=True, slots=True)
class DayOfTokens:
    """The number of tokens issued on a day of the market."""

    day: date
    issued: int


def tokens_by_day(connection: Connection, since: datetime, zone: str) -> list[DayOfTokens]:
    """Return the tokens issued since then, day by day. Days without a token are left out."""
    return all_rows(
        connection,
        DayOfTokens,
        "SELECT (issued_at AT TIME ZONE :zone)::date AS day, count(*) AS issued FROM tokens"
        " WHERE issued_at >= :since GROUP BY 1 ORDER BY 1",
        since=since,
        zone=zone,
    )


@dataclass(frozen=True, slots=True)
class TokensOfKind:
    """The tokens of one kind: their number, and what they give (tenths of a kWh, or days)."""

    kind: TokenKind
    issued: int
    units: int


def tokens_since(connection: Connection, since: datetime) -> list[TokensOfKind]:
    """Return the tokens issued since then, kind by kind."""
    return all_rows(
        connection,
        TokensOfKind,
        "SELECT kind, count(*) AS issued, sum(units)::bigint AS units FROM tokens"
        " WHERE issued_at >= :since GROUP BY kind ORDER BY kind",
        since=since,
    )


@dataclass(frozen=True, slots=True)
class PendingWork:
    """How many rows wait for a worker or an operator, and how many failed."""

    payments_waiting: int
    payments_stuck: int
    suspense: int
    suspense_minor: int
    sms_waiting: int
    sms_failed: int
    prompts_waiting: int
    refunds_waiting: int
    cases_open: int
    acts_asked: int


_WORK = """
    SELECT (SELECT count(*) FROM payments WHERE state = 'received') AS payments_waiting,
           (SELECT count(*) FROM payments WHERE state = 'received'
               AND problem IS NOT NULL) AS payments_stuck,
           (SELECT count(*) FROM payments WHERE state = 'suspense') AS suspense,
           (SELECT coalesce(sum(amount_minor - returned_minor), 0)::bigint FROM payments
             WHERE state = 'suspense') AS suspense_minor,
           (SELECT count(*) FROM sms WHERE next_attempt_at IS NOT NULL) AS sms_waiting,
           (SELECT count(*) FROM sms WHERE state IN ('failed', 'unknown')
               AND created_at >= :since
               AND id >= (SELECT coalesce(max(id), 0) - 100000 FROM sms)) AS sms_failed,
           (SELECT count(*) FROM prompts WHERE next_attempt_at IS NOT NULL) AS prompts_waiting,
           (SELECT count(*) FROM refunds WHERE state NOT IN ('done', 'failed'))
               AS refunds_waiting,
           (SELECT count(*) FROM cases WHERE closed_at IS NULL) AS cases_open,
           (SELECT count(*) FROM operator_acts
             WHERE state = 'waiting' AND expires_at > :now) AS acts_asked
"""


def pending_work(connection: Connection, since: datetime, now: datetime) -> PendingWork:
    """Return the counts of pending work. SMS count as failed only if they were written since."""
    return one_row(connection, PendingWork, _WORK, since=since, now=now)


def collected(connection: Connection, first: date, last: date) -> tuple[int, int]:
    """Return (due, paid) in minor units of the instalments and access rates due in those days."""
    row = connection.execute(
        text(
            f"""
            SELECT coalesce(sum(amount_minor), 0)::bigint, coalesce(sum(paid_minor), 0)::bigint
              FROM (SELECT i.amount_minor, i.paid_minor FROM instalments i
                      JOIN sales s ON s.id = i.sale_id
                       AND (s.state = 'complete' OR s.state IN {DUE_SQL})
                     WHERE i.due_on BETWEEN :first AND :last
                    UNION ALL
                    SELECT amount_minor - waived_minor, paid_minor FROM access_charges
                     WHERE due_on BETWEEN :first AND :last) due
            """
        ),
        {"first": first, "last": last},
    ).one()
    return row[0], row[1]


def arrears(connection: Connection, today: date) -> list[tuple[str, int, int]]:
    """Return (age in days, minor units, customers) of overdue debts, for every one of `AGES`."""
    rows = connection.execute(
        text(
            f"""
            SELECT least((:today - due_on - 1) / 30, 3) AS age,
                   sum(open_minor)::bigint, count(DISTINCT customer_id)
              FROM (SELECT s.customer_id, i.due_on, i.amount_minor - i.paid_minor AS open_minor
                      FROM instalments i JOIN sales s ON s.id = i.sale_id AND s.state IN {DUE_SQL}
                     WHERE i.due_on < :today AND i.paid_minor < i.amount_minor
                    UNION ALL
                    SELECT customer_id, due_on, amount_minor - paid_minor - waived_minor
                      FROM access_charges
                     WHERE due_on < :today AND paid_minor + waived_minor < amount_minor
                    UNION ALL
                    SELECT customer_id, due_on, amount_minor - paid_minor - written_off_minor
                      FROM clawbacks
                     WHERE due_on < :today
                       AND paid_minor + written_off_minor < amount_minor) overdue
             GROUP BY 1
            """
        ),
        {"today": today},
    )
    found = {row[0]: (row[1], row[2]) for row in rows}
    return [(label, *found.get(age, (0, 0))) for age, label in enumerate(AGES)]

"""Reminders of instalments: who is due one, which were sent, and who wants none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, text

from core.message import AtAStep
from core.sale import DUE_SQL


def stop_reminders(connection: Connection, msisdn: str, since: datetime) -> None:
    """Store that the customer with that number wants no reminders."""
    connection.execute(
        text(
            "INSERT INTO no_reminders (msisdn, since) VALUES (:msisdn, :since)"
            " ON CONFLICT DO NOTHING"
        ),
        {"msisdn": msisdn, "since": since},
    )


def start_reminders(connection: Connection, msisdn: str) -> None:
    """Store that the customer with that number wants reminders, on all numbers of the customer."""
    connection.execute(
        text(
            "DELETE FROM no_reminders WHERE msisdn = :msisdn OR msisdn IN ("
            " SELECT other.msisdn FROM customer_msisdns this JOIN customer_msisdns other"
            " USING (customer_id) WHERE this.msisdn = :msisdn)"
        ),
        {"msisdn": msisdn},
    )


# A step holds from its day until the next one, so that after a downtime only the newest is sent. A
# step that had passed when the thing was sold is none.
_AT_A_STEP = f"""
      FROM unnest(CAST(:steps AS int[]), CAST(:untils AS int[])) AS t (step, until)
      JOIN instalments i ON i.due_on BETWEEN CAST(:today AS date) - t.until
                                         AND CAST(:today AS date) - t.step
      JOIN sales s ON s.id = i.sale_id
     WHERE s.state IN {DUE_SQL} AND i.paid_minor < i.amount_minor AND s.sold_on < i.due_on + t.step
       AND NOT EXISTS (SELECT FROM reminders r WHERE r.customer_id = s.customer_id
                       AND (r.reminded_on = :today OR (r.due_on = i.due_on AND r.step = t.step)))
       AND NOT EXISTS (SELECT FROM no_reminders n JOIN customer_msisdns m USING (msisdn)
                       WHERE m.customer_id = s.customer_id)
"""
_WHOM = text(f"SELECT DISTINCT s.customer_id {_AT_A_STEP} ORDER BY 1")
_WHAT = text(
    f"""
    WITH due AS (
        SELECT s.customer_id, i.due_on, t.step,
               CAST(sum(i.amount_minor - i.paid_minor) AS bigint) AS open_minor
          {_AT_A_STEP} AND s.customer_id = ANY(:customers) GROUP BY 1, 2, 3)
    SELECT d.customer_id, c.language, n.msisdn, d.due_on, d.step, d.open_minor,
           late.open_minor AS late_minor, late.since AS late_since,
           older.open_minor AS older_minor, taken_back.open_minor AS clawback_minor, c.credit_minor
      FROM due d JOIN customers c ON c.id = d.customer_id
      JOIN LATERAL (SELECT msisdn FROM customer_msisdns m WHERE m.customer_id = c.id
                     ORDER BY position, msisdn LIMIT 1) n ON true
      JOIN LATERAL (SELECT CAST(sum(i.amount_minor - i.paid_minor) AS bigint) AS open_minor,
                           min(i.due_on) AS since
                      FROM sales s JOIN instalments i ON i.sale_id = s.id
                     WHERE s.customer_id = c.id AND s.state IN {DUE_SQL} AND i.due_on < :today
                       AND i.paid_minor < i.amount_minor) late ON true
      JOIN LATERAL (SELECT CAST(coalesce(sum(i.amount_minor - i.paid_minor), 0) AS bigint)
                           AS open_minor
                      FROM sales s JOIN instalments i ON i.sale_id = s.id
                     WHERE s.customer_id = c.id AND s.state IN {DUE_SQL}
                       AND i.due_on < d.due_on) older ON true
      JOIN LATERAL (SELECT CAST(coalesce(sum(amount_minor - paid_minor - written_off_minor), 0)
                                AS bigint) AS open_minor
                      FROM clawbacks WHERE customer_id = c.id) taken_back ON true
     ORDER BY d.customer_id, d.step DESC, d.due_on
    """
)


Steps = Sequence[tuple[int, int]]  # (step, the last day it may still be sent), after the due day


def customers_at_a_step(connection: Connection, steps: Steps, today: date) -> list[int]:
    """Return the ids of customers who are due a reminder, want it, and had none today."""
    return list(connection.execute(_WHOM, _days(steps, today)).scalars())


def due_at_a_step(
    connection: Connection, steps: Steps, today: date, customers: Collection[int]
) -> list[AtAStep]:
    """Return what these customers are to be reminded of: by customer, the latest step first."""
    given = _days(steps, today) | {"customers": list(customers)}
    return [AtAStep(*row) for row in connection.execute(_WHAT, given)]


def _days(steps: Steps, today: date) -> dict[str, object]:
    return {
        "steps": [step for step, _ in steps],
        "untils": [until for _, until in steps],
        "today": today,
    }


def insert_reminders(connection: Connection, sent: Sequence[AtAStep], today: date) -> None:
    """Store which reminders were sent."""
    connection.execute(
        text(
            "INSERT INTO reminders (customer_id, due_on, step, reminded_on)"
            " SELECT *, :today FROM unnest(CAST(:customers AS bigint[]), CAST(:due AS date[]),"
            " CAST(:steps AS int[])) ON CONFLICT DO NOTHING"
        ),
        {
            "customers": [reminder.customer_id for reminder in sent],
            "due": [reminder.due_on for reminder in sent],
            "steps": [reminder.step for reminder in sent],
            "today": today,
        },
    )

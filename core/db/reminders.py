"""Who is to be reminded of what today, and what they were reminded of already."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

# A step holds from its day until the next one, so that after a downtime only the newest is told. A
# step that had passed when the thing was sold is none.
_AT_A_STEP = """
      FROM unnest(CAST(:steps AS int[]), CAST(:untils AS int[])) AS t (step, until)
      JOIN instalments i ON i.due_on BETWEEN CAST(:today AS date) - t.until
                                         AND CAST(:today AS date) - t.step
      JOIN sales s ON s.id = i.sale_id
     WHERE s.state = 'open' AND i.paid_minor < i.amount_minor AND s.sold_on < i.due_on + t.step
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
           late.open_minor AS late_minor, late.since AS late_since
      FROM due d JOIN customers c ON c.id = d.customer_id
      JOIN LATERAL (SELECT msisdn FROM customer_msisdns m WHERE m.customer_id = c.id
                     ORDER BY position, msisdn LIMIT 1) n ON true
      JOIN LATERAL (SELECT CAST(sum(i.amount_minor - i.paid_minor) AS bigint) AS open_minor,
                           min(i.due_on) AS since
                      FROM sales s JOIN instalments i ON i.sale_id = s.id
                     WHERE s.customer_id = c.id AND s.state = 'open' AND i.due_on < :today
                       AND i.paid_minor < i.amount_minor) late ON true
     ORDER BY d.customer_id, d.step DESC, d.due_on
    """
)


@dataclass(frozen=True, slots=True)
class AtAStep:
    """What of a customer's is at `step` (days after the due day) today.

    `late_minor` is all that was due before today, with the oldest day; None when nothing was.
    """

    customer_id: int
    language: str
    msisdn: str
    due_on: date
    step: int
    open_minor: int
    late_minor: int | None
    late_since: date | None


Steps = Sequence[tuple[int, int]]  # (step, the last day it may still be told), after the due day


def customers_at_a_step(connection: Connection, steps: Steps, today: date) -> list[int]:
    """Customers who have something to be reminded of, want to be, and were not today; by id."""
    return list(connection.execute(_WHOM, _days(steps, today)).scalars())


def due_at_a_step(
    connection: Connection, steps: Steps, today: date, customers: Collection[int]
) -> list[AtAStep]:
    """What these customers are to be reminded of: by customer, the latest step first."""
    given = _days(steps, today) | {"customers": list(customers)}
    return [AtAStep(*row) for row in connection.execute(_WHAT, given)]


def _days(steps: Steps, today: date) -> dict[str, object]:
    return {
        "steps": [step for step, _ in steps],
        "untils": [until for _, until in steps],
        "today": today,
    }


def insert_reminders(connection: Connection, told: Sequence[AtAStep], today: date) -> None:
    """Remember what was told."""
    connection.execute(
        text(
            "INSERT INTO reminders (customer_id, due_on, step, reminded_on)"
            " SELECT *, :today FROM unnest(CAST(:customers AS bigint[]), CAST(:due AS date[]),"
            " CAST(:steps AS int[])) ON CONFLICT DO NOTHING"
        ),
        {
            "customers": [one.customer_id for one in told],
            "due": [one.due_on for one in told],
            "steps": [one.step for one in told],
            "today": today,
        },
    )

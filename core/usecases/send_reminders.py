"""Remind customers of instalments: 3 days before, on the day, 1 and 7 days after (domain 6).

One text per customer and day, between 09:00 and 18:00 in the market's zone, never twice for a step;
STOP ends them. Running it again on a day sends nothing more.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text

from core.money import Money
from core.unit import Unit
from core.usecases.texts import queue_text
from core.wording.message import Said
from core.wording.messages import reminder as say

FROM, UNTIL = time(9), time(18)
STEPS = (timedelta(days=-3), timedelta(0), timedelta(days=1), timedelta(days=7))

# Per customer the sum of what is at a step today, the day of the most urgent, and their number.
_DUE = text(
    """
    SELECT s.customer_id, c.language, n.msisdn, min(i.due_on) AS due_on,
           sum(i.amount_minor - i.paid_minor) AS open_minor
      FROM instalments i JOIN sales s ON s.id = i.sale_id AND s.state = 'open'
      JOIN customers c ON c.id = s.customer_id
      JOIN LATERAL (SELECT msisdn FROM customer_msisdns m WHERE m.customer_id = c.id
                     ORDER BY position, msisdn LIMIT 1) n ON true
     WHERE i.paid_minor < i.amount_minor AND i.due_on = ANY(:days) AND c.id > :after
       AND NOT EXISTS (SELECT FROM no_reminders r WHERE r.msisdn = n.msisdn)
     GROUP BY s.customer_id, c.language, n.msisdn ORDER BY s.customer_id LIMIT :limit
    """
)


def send_reminders(unit: Unit, after_customer_id: int, limit: int) -> tuple[int, int | None]:
    """Queue one page of reminders; returns how many, and the last customer (None at the end)."""
    if not is_daytime(unit):
        return 0, None
    days = [unit.today - step for step in STEPS]
    rows = unit.connection.execute(
        _DUE, {"days": days, "after": after_customer_id, "limit": limit}
    ).all()
    for row in rows:
        amount = Money(int(row.open_minor), unit.market.currency)
        queue_text(
            unit,
            _said(unit, amount, row.due_on),
            msisdn=row.msisdn,
            language=row.language,
            occasion=f"reminder:{row.customer_id}:{unit.today}",
        )
    return len(rows), rows[-1].customer_id if len(rows) == limit else None


def is_daytime(unit: Unit) -> bool:
    """Whether people may be reminded now."""
    local = unit.now.astimezone(ZoneInfo(unit.market.timezone)).time()
    return FROM <= local < UNTIL


def _said(unit: Unit, amount: Money, due_on: date) -> Said:
    code = unit.market.service_code
    if due_on == unit.today:
        return say.due_today(amount=amount, code=code)
    if due_on > unit.today:
        return say.due_soon(amount=amount, on=due_on, code=code)
    return say.overdue(amount=amount, since=due_on, code=code)

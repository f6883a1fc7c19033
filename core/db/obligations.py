"""What customers owe: everything that is not fully paid."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, text

from core.sale import RUNNING_SQL
from core.waterfall import NOT_DUE, Obligation

# What is open of an instalment `i` of a sale `s`, an access charge, a clawback `k` and a sale that
# was written off; `db/positions.py` reads the same by the same conditions.
OPEN_PART = f"s.state IN {RUNNING_SQL} AND i.paid_minor < i.amount_minor"
OPEN_CHARGE = "paid_minor + waived_minor < amount_minor"
OPEN_CLAWBACK = "k.paid_minor + k.written_off_minor < k.amount_minor"
OPEN_RECOVERY = "s.recovered_minor < s.written_off_minor"
# The instalments of a paused sale fall due on no day.
PART_DUE_ON = f"CASE s.state WHEN 'paused' THEN DATE '{NOT_DUE}' ELSE i.due_on END"

# Only a PAYG device gets something for its instalments: a meter sold on a plan is just a debt. What
# was written off is not owed, yet money may come for it; a device that changed hands is not freed
# by it.
_OPEN = text(
    f"""
    SELECT s.customer_id, CASE i.number WHEN 0 THEN 'down_payment' ELSE 'instalment' END AS kind,
           i.id, {PART_DUE_ON} AS due_on,
           i.amount_minor, i.paid_minor, i.sale_id, i.number, d.id AS device_id, i.days,
           i.days_given, s.sold_at, s.sold_on
      FROM sales s JOIN instalments i ON i.sale_id = s.id
      LEFT JOIN devices d ON d.id = s.device_id AND d.kind IN ('shs', 'e_bike')
     WHERE s.customer_id = ANY(:ids) AND {OPEN_PART}
    UNION ALL
    SELECT customer_id, 'access_rate', id, due_on, amount_minor - waived_minor, paid_minor, NULL, 0,
           device_id, 0, 0, NULL, due_on
      FROM access_charges
     WHERE customer_id = ANY(:ids) AND {OPEN_CHARGE}
    UNION ALL
    SELECT customer_id, 'clawback', id, due_on, amount_minor - written_off_minor, paid_minor, NULL,
           0, NULL, 0, 0, NULL, due_on
      FROM clawbacks k
     WHERE customer_id = ANY(:ids) AND {OPEN_CLAWBACK}
    UNION ALL
    SELECT s.customer_id, 'recovery', s.id, DATE '{NOT_DUE}', s.written_off_minor,
           s.recovered_minor, NULL, 0, d.id, 0, 0, NULL, s.sold_on
      FROM sales s
      LEFT JOIN devices d ON d.id = s.device_id AND d.kind IN ('shs', 'e_bike')
                         AND d.owner_id = s.customer_id
     WHERE s.customer_id = ANY(:ids) AND {OPEN_RECOVERY}
     ORDER BY due_on, sold_on, sale_id, number, id
    """
)


def open_obligations(
    connection: Connection, customer_ids: Collection[int]
) -> dict[int, list[Obligation]]:
    """Return everything not fully paid, by customer: by due date, then oldest sale."""
    owed: dict[int, list[Obligation]] = {customer_id: [] for customer_id in customer_ids}
    for row in connection.execute(_OPEN, {"ids": list(customer_ids)}).all():
        owed[row[0]].append(Obligation(*row[1:12]))
    return owed

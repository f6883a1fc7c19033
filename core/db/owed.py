"""What customers owe: open instalments and access charges, as the waterfall wants them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, text

from core.waterfall import Obligation

# Only a PAYG device gets something for its instalments: a meter sold on a plan is just a debt.
OPEN = """
    SELECT s.customer_id, CASE i.number WHEN 0 THEN 'down_payment' ELSE 'instalment' END AS kind,
           i.id, i.due_on, i.amount_minor, i.paid_minor, i.sale_id, i.number, d.id AS device_id,
           i.days, s.sold_on
      FROM sales s JOIN instalments i ON i.sale_id = s.id
      LEFT JOIN devices d ON d.id = s.device_id AND d.kind IN ('shs', 'e_bike')
     WHERE s.customer_id = ANY({customers}) AND s.state = 'open' AND i.paid_minor < i.amount_minor
    UNION ALL
    SELECT customer_id, 'access_rate', id, due_on, amount_minor, paid_minor, NULL, 0, device_id, 0,
           due_on
      FROM access_charges
     WHERE customer_id = ANY({customers}) AND paid_minor < amount_minor
"""
ORDER = "due_on, sold_on, sale_id, number, id"
_OPEN = text(f"{OPEN.format(customers=':ids')} ORDER BY {ORDER}")


def open_obligations(
    connection: Connection, customer_ids: Collection[int]
) -> dict[int, list[Obligation]]:
    """Everything not fully paid, by customer: by due date, then oldest sale."""
    owed: dict[int, list[Obligation]] = {customer_id: [] for customer_id in customer_ids}
    for row in connection.execute(_OPEN, {"ids": list(customer_ids)}).all():
        owed[row[0]].append(Obligation(*row[1:10]))
    return owed

"""Whose page an address of the console is: the person behind the id in it."""

from __future__ import annotations

from sqlalchemy import Connection, text

# By the name of an id in an address: the noun and the row of the person whose name or number the
# page shows. Money that is no customer's yet, and a caller who is none, stand for themselves.
_BY_NUMBER = "LEFT JOIN customer_msisdns m USING (msisdn) WHERE r.id = :id"
_PERSON_OF = {
    "customer_id": "SELECT 'customer', id FROM customers WHERE id = :id",
    "agent_id": "SELECT 'agent', id FROM agents WHERE id = :id",
    "sale_id": "SELECT 'customer', customer_id FROM sales WHERE id = :id",
    "device_id": "SELECT 'customer', owner_id FROM devices WHERE id = :id",
    "payment_id": "SELECT CASE WHEN customer_id IS NULL THEN 'payment' ELSE 'customer' END,"
    " coalesce(customer_id, id) FROM payments WHERE id = :id",
    "request_id": "SELECT CASE WHEN customer_id IS NULL THEN 'device_request' ELSE 'customer' END,"
    f" coalesce(customer_id, r.id) FROM device_requests r {_BY_NUMBER}",
    "sms_id": "SELECT CASE WHEN customer_id IS NULL THEN 'sms' ELSE 'customer' END,"
    f" coalesce(customer_id, r.id) FROM sms r {_BY_NUMBER}",
    "token_id": "SELECT 'customer', d.owner_id FROM tokens t JOIN devices d ON d.id = t.device_id"
    " WHERE t.id = :id",
    "order_id": "SELECT 'customer', customer_id FROM token_orders WHERE id = :id",
    "vend_id": "SELECT 'customer', customer_id FROM vends WHERE id = :id",
    "act_id": "SELECT CASE WHEN ids ->> 'agent_id' IS NULL THEN 'customer' ELSE 'agent' END,"
    " CAST(coalesce(ids ->> 'agent_id', ids ->> 'customer_id',"
    " CAST(s.customer_id AS text), CAST(p.customer_id AS text)) AS bigint) FROM operator_acts a"
    " LEFT JOIN sales s ON s.id = CAST(ids ->> 'sale_id' AS bigint)"
    " LEFT JOIN payments p ON p.id = CAST(ids ->> 'payment_id' AS bigint) WHERE a.id = :id",
    "case_id": "SELECT 'customer', p.customer_id FROM cases c JOIN payments p ON p.id = payment_id"
    " WHERE c.id = :id",
}
# Ids of what is no person's.
OF_NO_PERSON = frozenset(
    {
        "user_id",
        "tariff_id",
        "village_id",
        "manufacturer_id",
        "appliance_id",
        "plan_id",
        "filename",
    }
)
OF_PERSONS = frozenset(_PERSON_OF)


def person_of(connection: Connection, name: str, row_id: int) -> tuple[str, int] | None:
    """Return (noun, id) of the person behind the id called `name` in an address; None where there
    is no such row, or no person behind it. Raises KeyError for a name outside `OF_PERSONS`."""
    row = connection.execute(text(_PERSON_OF[name]), {"id": row_id}).one_or_none()
    return None if row is None or row[1] is None else (row[0], row[1])

"""Sales and their instalments."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from core.db.bulk import Values, insert_rows
from core.db.ownership import record_handovers
from core.db.registration import insert_in_order
from core.db.tables.sales import instalments, sales
from core.db.typed_rows import one_row
from core.ownership import Handover
from core.plan import Instalment
from core.sale import (
    RUNNING_SQL,
    KnownSale,
    LockedSale,
    OpeningInstalment,
    OpeningSale,
    ReopenedSale,
)


def known_sales(
    connection: Connection, references: Collection[str], customer_ids: Collection[int]
) -> list[KnownSale]:
    """Return the sales with those references, and those of the customers without a reference."""
    rows = connection.execute(
        text(
            "SELECT s.reference, s.customer_id, a.code, s.device_id, s.sold_on,"
            " coalesce(s.as_sold->>'scheme', s.scheme) AS scheme,"
            " coalesce((s.as_sold->>'total_minor')::bigint, s.total_minor) AS total_minor,"
            " (SELECT sum(p.amount_minor)::bigint FROM entry_ids e"
            " JOIN postings p ON p.entry_id = e.id AND p.side = 'debit'"
            " WHERE e.idempotency_key = 'opening:sale:' || s.id) AS opened_minor,"
            " s.as_sold, array_agg(i.number ORDER BY i.number) AS numbers,"
            " array_agg(i.due_on ORDER BY i.number) AS due_on,"
            " array_agg(i.amount_minor ORDER BY i.number) AS amounts,"
            " array_agg(i.days ORDER BY i.number) AS days"
            " FROM sales s JOIN appliances a ON a.id = s.appliance_id"
            " LEFT JOIN instalments i ON i.sale_id = s.id"
            " WHERE s.reference = ANY(:references)"
            " OR (s.reference IS NULL AND s.customer_id = ANY(:customers))"
            " GROUP BY s.id, a.code"
        ),
        {"references": list(references), "customers": list(customer_ids)},
    )
    return [
        KnownSale(
            row.reference,
            row.customer_id,
            row.code,
            row.device_id,
            row.scheme,
            row.total_minor,
            row.sold_on,
            _plan(row),
            row.opened_minor or 0,
        )
        for row in rows
    ]


def _plan(row: Row[Any]) -> tuple[Instalment, ...]:
    """A sale without instalments comes as one row of nulls."""
    if row.as_sold:
        return tuple(
            Instalment(number, date.fromisoformat(due_on), amount_minor, days)
            for number, due_on, amount_minor, days in row.as_sold["plan"]
        )
    parts = zip(row.numbers, row.due_on, row.amounts, row.days, strict=True)
    return tuple(Instalment(*part) for part in parts if row.numbers != [None])


def insert_sales(
    connection: Connection, rows: Sequence[Values], plans: Sequence[Sequence[Instalment]]
) -> list[int]:
    """Insert sales, each with its instalments. Return their ids in the order of the rows."""
    ids = insert_in_order(connection, sales, list(rows))
    insert_rows(
        connection,
        instalments,
        [
            {
                "sale_id": sale_id,
                "number": instalment.number,
                "due_on": instalment.due_on,
                "amount_minor": instalment.amount_minor,
                "days": instalment.days,
            }
            for sale_id, plan in zip(ids, plans, strict=True)
            for instalment in plan
        ],
    )
    return ids


def find_sale_id(connection: Connection, reference: str) -> int | None:
    """Return the id of the sale with that reference, if there is one."""
    sale_id: int | None = connection.execute(
        text("SELECT id FROM sales WHERE reference = :reference"), {"reference": reference}
    ).scalar_one_or_none()
    return sale_id


def lock_sale(connection: Connection, sale_id: int) -> LockedSale | None:
    """Lock a sale with its agent, customer and device, in the order of all locks; None where there
    is no sale with that id."""
    found = connection.execute(
        text("SELECT customer_id, agent_id FROM sales WHERE id = :id"), {"id": sale_id}
    ).one_or_none()
    if found is None:
        return None
    connection.execute(
        text("SELECT FROM agents WHERE id = :id FOR NO KEY UPDATE"), {"id": found.agent_id}
    )
    connection.execute(
        text("SELECT FROM customers WHERE id = :id FOR NO KEY UPDATE"), {"id": found.customer_id}
    )
    connection.execute(text("SELECT FROM sales WHERE id = :id FOR NO KEY UPDATE"), {"id": sale_id})
    connection.execute(
        text(
            "SELECT FROM devices WHERE id = (SELECT device_id FROM sales WHERE id = :sale)"
            " FOR NO KEY UPDATE"
        ),
        {"sale": sale_id},
    )
    row = connection.execute(
        text(
            "SELECT s.id, s.customer_id, s.device_id, d.kind, s.scheme, s.cadence, s.total_minor,"
            " s.state, s.sold_on, a.name, s.agent_id, s.commission_bp, s.commission_minor,"
            " s.paused_on, EXISTS (SELECT FROM entry_ids k JOIN journal_entries e USING (id)"
            " WHERE e.kind = 'opening' AND k.idempotency_key = 'sale:' || s.id)"
            " FROM sales s JOIN appliances a ON a.id = s.appliance_id"
            " LEFT JOIN devices d ON d.id = s.device_id WHERE s.id = :id"
        ),
        {"id": sale_id},
    ).one()
    return LockedSale(*row)


def settled_sales(connection: Connection, instalment_ids: Collection[int]) -> set[int]:
    """Return the ids of the settled sales of these instalments whose device no other plan has."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT s.id FROM instalments i JOIN sales s ON s.id = i.sale_id"
            " WHERE i.id = ANY(:ids) AND s.state = 'settled' AND NOT EXISTS (SELECT FROM sales o"
            f" WHERE o.device_id = s.device_id AND o.state IN {RUNNING_SQL})"
        ),
        {"ids": list(instalment_ids)},
    )
    return set(rows.scalars())


def reopened_sale(connection: Connection, sale_id: int) -> ReopenedSale:
    """Return how a sale stands that is not paid, or recovered, in full any more; of a settled one
    nothing is open."""
    return one_row(
        connection,
        ReopenedSale,
        "SELECT s.device_id, CASE s.state WHEN 'written_off'"
        " THEN s.written_off_minor - s.recovered_minor WHEN 'settled' THEN 0"
        " ELSE CAST(sum(i.amount_minor - i.paid_minor) AS bigint) END AS open_minor,"
        " CAST(sum(greatest(i.paid_minor * i.days / i.amount_minor - i.days_given, 0)) AS bigint)"
        " AS days_owed"
        " FROM sales s JOIN instalments i ON i.sale_id = s.id WHERE s.id = :id GROUP BY s.id",
        id=sale_id,
    )


def instalments_of(connection: Connection, sale_id: int) -> list[Instalment]:
    """Return the instalments of a sale by number; touched where a payment has a line on them."""
    rows = connection.execute(
        text(
            "SELECT number, due_on, amount_minor, days, paid_minor, paid_minor > 0 OR EXISTS"
            " (SELECT FROM payment_lines l WHERE l.instalment_id = i.id)"
            " FROM instalments i WHERE sale_id = :id ORDER BY number"
        ),
        {"id": sale_id},
    )
    return [Instalment(*row) for row in rows]


def income_of_changes(connection: Connection, sale_id: int, customer_id: int) -> int:
    """Return how much changes of its price have added to the income, in minor units."""
    added: int = connection.execute(
        text(
            "SELECT CAST(coalesce(sum(CASE o.side WHEN 'credit' THEN o.amount_minor"
            " ELSE -o.amount_minor END), 0) AS bigint)"
            " FROM postings o JOIN journal_entries e ON e.id = o.entry_id"
            " WHERE o.account = 'income:sales' AND o.customer_id = :customer"
            " AND e.kind = 'repriced'"
            " AND split_part(e.idempotency_key, ':', 2) = CAST(:sale AS text)"
        ),
        {"sale": sale_id, "customer": customer_id},
    ).scalar_one()
    return added


def keep_as_sold(connection: Connection, sale_id: int) -> None:
    """Store what was agreed, before the first change of a sale.

    The line of an import file that it was made from is compared with this.
    """
    connection.execute(
        text(
            "UPDATE sales SET as_sold = (SELECT jsonb_build_object('total_minor', total_minor,"
            " 'scheme', scheme, 'plan', jsonb_agg(jsonb_build_array(number, due_on, amount_minor,"
            " days) ORDER BY number)) FROM instalments WHERE sale_id = sales.id)"
            " WHERE id = :id AND as_sold IS NULL"
        ),
        {"id": sale_id},
    )


def write_instalments(connection: Connection, sale_id: int, plan: Sequence[Instalment]) -> None:
    """Replace the instalments of a sale: by number they are changed, added or deleted."""
    keep_as_sold(connection, sale_id)
    columns = {
        "numbers": [instalment.number for instalment in plan],
        "due": [instalment.due_on for instalment in plan],
        "amounts": [instalment.amount_minor for instalment in plan],
        "days": [instalment.days for instalment in plan],
    }
    connection.execute(
        text("DELETE FROM instalments WHERE sale_id = :id AND number <> ALL(:numbers)"),
        {"id": sale_id, "numbers": columns["numbers"]},
    )
    connection.execute(
        text(
            "INSERT INTO instalments (sale_id, number, due_on, amount_minor, days)"
            " SELECT :id, * FROM unnest(CAST(:numbers AS int[]), CAST(:due AS date[]),"
            " CAST(:amounts AS bigint[]), CAST(:days AS int[]))"
            " ON CONFLICT (sale_id, number) DO UPDATE SET due_on = excluded.due_on,"
            " amount_minor = excluded.amount_minor, days = excluded.days"
        ),
        {"id": sale_id, **columns},
    )


def set_sale(connection: Connection, sale_id: int, **values: object) -> None:
    """Set columns of a locked sale."""
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    connection.execute(
        text(f"UPDATE sales SET {assignments} WHERE id = :id"), {"id": sale_id, **values}
    )


def move_due_days(connection: Connection, sale_id: int, days: int) -> None:
    """Let the open instalments of a locked sale fall due `days` later."""
    keep_as_sold(connection, sale_id)
    connection.execute(
        text(
            "UPDATE instalments SET due_on = due_on + CAST(:days AS integer)"
            " WHERE sale_id = :id AND paid_minor < amount_minor"
        ),
        {"id": sale_id, "days": days},
    )


def late_sales(connection: Connection, due_before: date) -> list[int]:
    """Return the ids of open sales with an instalment due before that day.

    Not where an operator has undone a default since that day.
    """
    rows = connection.execute(
        text(
            "SELECT s.id FROM sales s JOIN instalments i ON i.sale_id = s.id"
            " WHERE s.state = 'open' AND i.due_on < :day AND i.paid_minor < i.amount_minor"
            " AND coalesce(s.default_undone_on < :day, true)"
            " GROUP BY s.id ORDER BY s.id"
        ),
        {"day": due_before},
    )
    return list(rows.scalars())


def return_to_stock(connection: Connection, device_id: int, at: datetime) -> None:
    """Remove the owner of a locked device."""
    record_handovers(connection, [Handover(device_id, None, at, "return")])
    connection.execute(
        text("UPDATE devices SET assigned_on = NULL, access_anchor_on = NULL WHERE id = :id"),
        {"id": device_id},
    )


def lock_sales(connection: Connection, references: Collection[str]) -> list[OpeningSale]:
    """Return the sales with those references, their customers locked."""
    connection.execute(
        text(
            "SELECT FROM customers WHERE id IN (SELECT customer_id FROM sales"
            " WHERE reference = ANY(:references)) ORDER BY id FOR NO KEY UPDATE"
        ),
        {"references": list(references)},
    )
    which = "s.reference = ANY(:references)"
    return _opening_sales(connection, which, references=list(references))


def opening_sales(connection: Connection, sale_ids: Collection[int]) -> list[OpeningSale]:
    """Return the sales with those ids, of customers who are locked."""
    return _opening_sales(connection, "s.id = ANY(:ids)", ids=list(sale_ids))


def _opening_sales(connection: Connection, which: str, **values: object) -> list[OpeningSale]:
    """A sale with payments but without an opening entry counts as opened with nothing: it began
    here."""
    rows = connection.execute(
        text(
            f"""
            SELECT s.id, coalesce(s.reference, '') AS reference, s.customer_id, s.sold_on,
                   s.total_minor,
                   coalesce((SELECT sum(p.amount_minor) FROM entry_ids e
                               JOIN postings p ON p.entry_id = e.id AND p.side = 'debit'
                              WHERE e.idempotency_key = 'opening:sale:' || s.id),
                            CASE WHEN sum(i.paid_minor) > 0 THEN 0 END) AS opened_minor,
                   array_agg(i.id ORDER BY i.number) AS ids,
                   array_agg(i.due_on ORDER BY i.number) AS due_on,
                   array_agg(i.amount_minor ORDER BY i.number) AS amounts
              FROM sales s JOIN instalments i ON i.sale_id = s.id
             WHERE {which}
             GROUP BY s.id
            """
        ),
        values,
    )
    return [
        OpeningSale(
            row.id,
            row.reference,
            row.customer_id,
            row.sold_on,
            row.total_minor,
            None if row.opened_minor is None else int(row.opened_minor),
            tuple(
                OpeningInstalment(*instalment)
                for instalment in zip(row.ids, row.due_on, row.amounts, strict=True)
            ),
        )
        for row in rows
    ]


def set_paid(connection: Connection, paid_minor: Mapping[int, int]) -> None:
    """Set how much of each instalment (by id) was paid elsewhere, where it gave its days too.

    A sale with nothing open is complete.
    """
    connection.execute(
        text(
            f"""
            WITH paid AS (
                UPDATE instalments SET paid_minor = given.paid_minor,
                       days_given = given.paid_minor * days / amount_minor
                  FROM unnest(CAST(:ids AS bigint[]), CAST(:paid AS bigint[]))
                       AS given (id, paid_minor)
                 WHERE instalments.id = given.id
                RETURNING instalments.id, sale_id, instalments.paid_minor, amount_minor
            )
            UPDATE sales SET state = 'complete', paused_on = NULL
             WHERE id IN (SELECT sale_id FROM paid) AND state IN {RUNNING_SQL}
               AND NOT EXISTS (SELECT FROM instalments i LEFT JOIN paid p ON p.id = i.id
                                WHERE i.sale_id = sales.id
                                  AND coalesce(p.paid_minor, i.paid_minor) < i.amount_minor)
            """
        ),
        {"ids": list(paid_minor), "paid": list(paid_minor.values())},
    )


def codes_by_name(connection: Connection, table: str) -> dict[str, str | None]:
    """Return codes by name and by code, in lower case; None for a name that several rows have."""
    codes: dict[str, str | None] = {}
    for code, name in connection.execute(text(f"SELECT code, name FROM {table} ORDER BY id")):
        for word in {name.casefold(), code.casefold()}:
            codes[word] = code if codes.get(word, code) == code else None
    return codes

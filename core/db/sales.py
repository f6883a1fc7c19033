"""Sales and their instalments, read and written many at a time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, text

from core.plan import Instalment


@dataclass(frozen=True, slots=True)
class KnownSale:
    """A sale in the books as it was agreed, whatever became of its price and plan since."""

    reference: str | None
    customer_id: int
    appliance: str
    device_id: int | None
    scheme: str
    total_minor: int
    sold_on: date
    plan: tuple[Instalment, ...]

    @property
    def facts(self) -> tuple[object, ...]:
        """What tells two sales without a reference apart, besides their totals."""
        return (self.customer_id, self.appliance, self.device_id, self.sold_on)


def known_sales(
    connection: Connection, references: Collection[str], customer_ids: Collection[int]
) -> list[KnownSale]:
    """The sales with those references, and those of the customers that have no reference."""
    rows = connection.execute(
        text(
            "SELECT s.reference, s.customer_id, a.code, s.device_id, s.sold_on,"
            " coalesce(s.as_sold->>'scheme', s.scheme) AS scheme,"
            " coalesce((s.as_sold->>'total_minor')::bigint, s.total_minor) AS total_minor,"
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


def get_sale_id(connection: Connection, reference: str) -> int:
    """Return the id of the sale with that reference. Raises NoResultFound."""
    sale_id: int = connection.execute(
        text("SELECT id FROM sales WHERE reference = :reference"), {"reference": reference}
    ).scalar_one()
    return sale_id

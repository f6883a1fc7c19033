"""A sale under its locks, and its instalments written anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from core.replan import Part


@dataclass(frozen=True, slots=True)
class LockedSale:
    """A sale whose customer (and device) are locked. `device_kind` is None without a device."""

    id: int
    customer_id: int
    device_id: int | None
    device_kind: str | None
    scheme: str
    cadence: str
    total_minor: int
    state: str
    sold_on: date
    appliance: str


def lock_sale(connection: Connection, sale_id: int) -> LockedSale | None:
    """The sale, locked after its customer and before its device, in the order of all locks."""
    found = connection.execute(
        text("SELECT customer_id, device_id FROM sales WHERE id = :id"), {"id": sale_id}
    ).one_or_none()
    if found is None:
        return None
    connection.execute(
        text("SELECT FROM customers WHERE id = :id FOR NO KEY UPDATE"), {"id": found.customer_id}
    )
    connection.execute(
        text("SELECT FROM devices WHERE id = :id FOR NO KEY UPDATE"), {"id": found.device_id}
    )
    row = connection.execute(
        text(
            "SELECT s.id, s.customer_id, s.device_id, d.kind, s.scheme, s.cadence, s.total_minor,"
            " s.state, s.sold_on, a.name FROM sales s JOIN appliances a ON a.id = s.appliance_id"
            " LEFT JOIN devices d ON d.id = s.device_id"
            " WHERE s.id = :id FOR NO KEY UPDATE OF s"
        ),
        {"id": sale_id},
    ).one()
    return LockedSale(*row)


def parts_of(connection: Connection, sale_id: int) -> list[Part]:
    """The instalments of a sale as they stand; touched when any payment has a line on them."""
    rows = connection.execute(
        text(
            "SELECT number, due_on, amount_minor, paid_minor, days, paid_minor > 0 OR EXISTS"
            " (SELECT FROM payment_lines l WHERE l.instalment_id = i.id)"
            " FROM instalments i WHERE sale_id = :id ORDER BY number"
        ),
        {"id": sale_id},
    )
    return [Part(*row) for row in rows]


def keep_as_sold(connection: Connection, sale_id: int) -> None:
    """Before the first change of a sale: keep what was agreed, so that the line of a file it was
    made from is still known by it."""
    connection.execute(
        text(
            "UPDATE sales SET as_sold = (SELECT jsonb_build_object('total_minor', total_minor,"
            " 'scheme', scheme, 'plan', jsonb_agg(jsonb_build_array(number, due_on, amount_minor,"
            " days) ORDER BY number)) FROM instalments WHERE sale_id = sales.id)"
            " WHERE id = :id AND as_sold IS NULL"
        ),
        {"id": sale_id},
    )


def write_parts(connection: Connection, sale_id: int, parts: Sequence[Part]) -> None:
    """Make the sale's instalments these: by number changed, added, or gone."""
    keep_as_sold(connection, sale_id)
    columns = {
        "numbers": [part.number for part in parts],
        "due": [part.due_on for part in parts],
        "amounts": [part.amount_minor for part in parts],
        "days": [part.days for part in parts],
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


def has_waiting_payment(connection: Connection, device_id: int, since: datetime) -> bool:
    """Whether money for that device waits to be applied, or a prompt sent since then may bring
    some."""
    return bool(
        connection.execute(
            text(
                "SELECT EXISTS (SELECT FROM payments WHERE state = 'received' AND device_id = :id)"
                " OR EXISTS (SELECT FROM prompts WHERE device_id = :id AND state = 'waiting'"
                " AND next_attempt_at IS NOT NULL)"
                " OR EXISTS (SELECT FROM prompts WHERE device_id = :id AND sent_at > :since"
                " AND state IN ('approved', 'sending', 'pending', 'unknown'))"
            ),
            {"id": device_id, "since": since},
        ).scalar_one()
    )


def take_back(connection: Connection, device_id: int) -> None:
    """The device is in stock again."""
    connection.execute(
        text(
            "UPDATE devices SET owner_id = NULL, assigned_on = NULL, access_anchor_on = NULL"
            " WHERE id = :id"
        ),
        {"id": device_id},
    )

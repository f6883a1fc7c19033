"""Plans an operator allows: by appliance, by code, and the one set on a device in stock."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, text

from core.catalogue import PlanEntry

_SELECT = """
    SELECT p.code, p.name, a.code, p.scheme, p.cadence, p.count, p.instalment_minor,
           p.down_payment_minor
      FROM plan_offers p JOIN appliances a ON a.id = p.appliance_id
"""


def plans_of(connection: Connection, appliance: str) -> list[PlanEntry]:
    """The plans allowed for that appliance, by name."""
    rows = connection.execute(
        text(f"{_SELECT} WHERE a.code = :appliance ORDER BY p.name"), {"appliance": appliance}
    )
    return [PlanEntry(*row) for row in rows]


def find_plan(connection: Connection, code: str) -> PlanEntry | None:
    """The plan with that code."""
    return _one(connection, "WHERE p.code = :key", code)


def plans_by_code(connection: Connection, codes: Collection[str]) -> dict[str, tuple[int, str]]:
    """(id, kind of its appliance) of those plans, by code."""
    rows = connection.execute(
        text(
            "SELECT p.code, p.id, a.kind FROM plan_offers p"
            " JOIN appliances a ON a.id = p.appliance_id WHERE p.code = ANY(:codes)"
        ),
        {"codes": list(codes)},
    )
    return {row.code: (row.id, row.kind) for row in rows}


def plan_set_on(connection: Connection, serial: str) -> PlanEntry | None:
    """The plan an operator set on that device."""
    return _one(
        connection, "JOIN devices d ON d.plan_offer_id = p.id WHERE d.serial = :key", serial
    )


def set_plan(connection: Connection, device_id: int, code: str | None) -> None:
    """Set the plan of a device in stock, by code, or take it away."""
    connection.execute(
        text(
            "UPDATE devices SET plan_offer_id = (SELECT id FROM plan_offers WHERE code = :code)"
            " WHERE id = :id"
        ),
        {"id": device_id, "code": code},
    )


def lock_plan(connection: Connection, code: str) -> tuple[int, int] | None:
    """(id, on how many devices it is set) of the plan with that code; it is set on no further one
    before the transaction ends."""
    row = connection.execute(
        text("SELECT id FROM plan_offers WHERE code = :code FOR UPDATE"), {"code": code}
    ).one_or_none()
    if row is None:
        return None
    devices: int = connection.execute(
        text("SELECT count(*) FROM devices WHERE plan_offer_id = :id"), {"id": row.id}
    ).scalar_one()
    return row.id, devices


def delete_plan(connection: Connection, plan_id: int) -> None:
    """Nothing but devices in stock leads to a plan."""
    connection.execute(text("DELETE FROM plan_offers WHERE id = :id"), {"id": plan_id})


def _one(connection: Connection, condition: str, key: str) -> PlanEntry | None:
    row = connection.execute(text(f"{_SELECT} {condition}"), {"key": key}).one_or_none()
    return None if row is None else PlanEntry(*row)

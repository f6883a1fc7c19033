"""Plans that the operator allows, and how plan terms are stored: the same columns everywhere."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, Row, text

from core.appliance import StoredAppliance
from core.catalogue import PlanOffer
from core.db.appliances import COLUMNS as APPLIANCE_COLUMNS
from core.money import Money
from core.plan import ByAmount, ByCount, ByDay, PlanTerms, Schedule

TERMS_COLUMNS = "scheme, count, instalment_minor, cadence, down_payment_minor"
# A plan without an appliance is never read: both are columns of one row.
_COLUMNS = f"{APPLIANCE_COLUMNS}, p.code AS plan, p.name AS plan_name, " + ", ".join(
    f"p.{column}" for column in TERMS_COLUMNS.split(", ")
)


def terms_as_stored(terms: PlanTerms) -> dict[str, Any]:
    """Return plan terms as values of `TERMS_COLUMNS`; the appliance is stored apart from them."""
    schedule = terms.schedule
    return {
        "scheme": schedule.scheme,
        "count": schedule.count if isinstance(schedule, ByCount) else None,
        "instalment_minor": schedule.amount.minor if isinstance(schedule, ByAmount) else None,
        "cadence": terms.cadence,
        "down_payment_minor": terms.down_payment.minor,
    }


def terms_of_row(row: Row[Any], appliance: str, currency: str) -> PlanTerms:
    """Return the plan terms for that appliance (a code) in a row with `TERMS_COLUMNS`."""
    down_payment = Money(row.down_payment_minor, currency)
    return PlanTerms(appliance, _schedule(row, currency), row.cadence, down_payment)


def _schedule(row: Row[Any], currency: str) -> Schedule:
    if row.scheme == "service":
        return ByDay()
    if row.scheme == "amount":
        return ByAmount(Money(row.instalment_minor, currency))
    # `row.count` is a method of every row.
    return ByCount(row._mapping["count"])


def appliance_with_plans(
    connection: Connection, code: str, currency: str
) -> tuple[StoredAppliance, list[PlanOffer]] | None:
    """Return the appliance with that code and the plans allowed for it, by name."""
    rows = connection.execute(
        text(
            f"SELECT {_COLUMNS} FROM appliances a LEFT JOIN plan_offers p ON p.appliance_id = a.id"
            " WHERE a.code = :code ORDER BY p.name"
        ),
        {"code": code},
    ).all()
    if not rows:
        return None
    return _appliance(rows[0]), [_offer(row, currency) for row in rows if row.plan is not None]


def find_plan(
    connection: Connection, code: str, currency: str
) -> tuple[StoredAppliance, PlanOffer] | None:
    """Return the plan with that code, after its appliance."""
    row = connection.execute(
        text(
            f"SELECT {_COLUMNS} FROM plan_offers p JOIN appliances a ON a.id = p.appliance_id"
            " WHERE p.code = :code"
        ),
        {"code": code},
    ).one_or_none()
    return None if row is None else (_appliance(row), _offer(row, currency))


def _appliance(row: Row[Any]) -> StoredAppliance:
    return StoredAppliance(*row[: len(fields(StoredAppliance))])


def _offer(row: Row[Any], currency: str) -> PlanOffer:
    return PlanOffer(row.plan, row.plan_name, terms_of_row(row, row.code, currency))


def plans_by_code(
    connection: Connection, codes: Collection[str]
) -> dict[str, tuple[int, str, int]]:
    """Return (id, kind and id of its appliance) of those plans, by code."""
    rows = connection.execute(
        text(
            "SELECT p.code, p.id, a.kind, p.appliance_id FROM plan_offers p"
            " JOIN appliances a ON a.id = p.appliance_id WHERE p.code = ANY(:codes)"
        ),
        {"codes": list(codes)},
    )
    return {row.code: (row.id, row.kind, row.appliance_id) for row in rows}


def set_plan(connection: Connection, device_id: int, code: str | None) -> None:
    """Set the plan of a device in stock, by code, or remove it."""
    connection.execute(
        text(
            "UPDATE devices SET plan_offer_id = (SELECT id FROM plan_offers WHERE code = :code)"
            " WHERE id = :id"
        ),
        {"id": device_id, "code": code},
    )


def lock_plan(connection: Connection, code: str) -> tuple[int, int] | None:
    """Lock the plan with that code. Return (id, number of devices it is set on).

    It is set on no further device before the transaction ends.
    """
    row = connection.execute(
        text("SELECT id FROM plan_offers WHERE code = :code FOR NO KEY UPDATE"), {"code": code}
    ).one_or_none()
    if row is None:
        return None
    devices: int = connection.execute(
        text("SELECT count(*) FROM devices WHERE plan_offer_id = :id"), {"id": row.id}
    ).scalar_one()
    return row.id, devices


def delete_plan(connection: Connection, plan_id: int) -> None:
    """Delete a plan. Only devices in stock may refer to it, and none of them does."""
    connection.execute(text("DELETE FROM plan_offers WHERE id = :id"), {"id": plan_id})

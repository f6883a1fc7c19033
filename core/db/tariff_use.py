"""What the meters of a tariff were sold and charged, and from where their next fees run."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, text


def energy_sold_between(
    connection: Connection, tariff_id: int, begin_on: date, end_on: date, zone: str
) -> bool:
    """Whether any of its meters was sold energy from the first to the last of those days."""
    return _any(
        connection,
        "SELECT FROM payment_lines l JOIN devices d ON d.id = l.device_id"
        " JOIN payments p ON p.id = l.payment_id WHERE d.tariff_id = :tariff AND l.kind = 'energy'"
        " AND CAST(p.applied_at AT TIME ZONE :zone AS date) BETWEEN :begin AND :end",
        {"tariff": tariff_id, "begin": begin_on, "end": end_on, "zone": zone},
    )


def charged_between(connection: Connection, tariff_id: int, begin_on: date, end_on: date) -> bool:
    """Whether any fee of its meters was due from the first to the last of those days."""
    return _any(
        connection,
        "SELECT FROM access_charges c JOIN devices d ON d.id = c.device_id"
        " WHERE d.tariff_id = :tariff AND c.due_on BETWEEN :begin AND :end",
        {"tariff": tariff_id, "begin": begin_on, "end": end_on},
    )


def moved_away_since(connection: Connection, tariff_id: int, begin_on: date, zone: str) -> bool:
    """Whether meters of it were put on another tariff since that day (move_tariff)."""
    return _any(
        connection,
        "SELECT FROM audit_log WHERE subject = 'tariff' AND subject_id = :tariff"
        " AND act = 'move_meters' AND details->>'meters' <> '0'"
        " AND CAST(acted_at AT TIME ZONE :zone AS date) >= :begin",
        {"tariff": tariff_id, "begin": begin_on, "zone": zone},
    )


def _any(connection: Connection, query: str, values: dict[str, object]) -> bool:
    return bool(connection.execute(text(f"SELECT EXISTS ({query})"), values).scalar_one())


def access_anchors(connection: Connection, tariff_id: int) -> list[date]:
    """The days from which the next fees of its owned meters run, each once."""
    return list(
        connection.execute(
            text(
                "SELECT DISTINCT access_anchor_on FROM devices WHERE tariff_id = :tariff"
                " AND owner_id IS NOT NULL AND access_anchor_on IS NOT NULL"
            ),
            {"tariff": tariff_id},
        ).scalars()
    )

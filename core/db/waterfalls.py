"""Queries for the order in which payments pay: its versions, and whether payments followed one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from core.waterfall import Step, Waterfall


def all_waterfalls(connection: Connection) -> list[Waterfall]:
    """Return all versions, oldest first."""
    rows = connection.execute(
        text("SELECT valid_from, steps, lifeline_percent FROM waterfalls ORDER BY valid_from")
    )
    return [as_waterfall(*row) for row in rows]


def as_waterfall(valid_from: date, steps: Iterable[Step], percent: int | None) -> Waterfall:
    """Return a version as it is stored."""
    return Waterfall(valid_from, tuple(steps), percent)


def stored_row(waterfall: Waterfall) -> dict[str, Any]:
    """Return a version as a row of its table."""
    return {
        "valid_from": waterfall.valid_from,
        "steps": list(waterfall.steps),
        "lifeline_percent": waterfall.lifeline_percent,
    }


def paid_between(connection: Connection, begin_on: date, end_on: date) -> bool:
    """Return whether any payment was made from the first to the last day."""
    return bool(
        connection.execute(
            text(
                "SELECT EXISTS (SELECT FROM payments WHERE paid_on BETWEEN :begin_on AND :end_on)"
            ),
            {"begin_on": begin_on, "end_on": end_on},
        ).scalar_one()
    )

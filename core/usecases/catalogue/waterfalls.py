"""The order in which payments pay, changed from a day on; payments that were made never change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from sqlalchemy import Connection

from core.db.bulk import Stored, rows_by_key, upsert
from core.db.prompts import is_asked_between
from core.db.tables.catalogue import waterfalls
from core.db.waterfalls import all_waterfalls, paid_between, stored_row
from core.errors import Refused
from core.unit import Unit
from core.usecases.operators.audit import write_audit
from core.waterfall import Waterfall


def waterfall_problems(unit: Unit, given: Sequence[Waterfall]) -> Iterator[str]:
    """Yield what stands against storing these versions, a line each: payments made since."""
    known = {waterfall.valid_from: waterfall for waterfall in all_waterfalls(unit.connection)}
    days = sorted({*known, *(waterfall.valid_from for waterfall in given)})
    for waterfall in given:
        day = waterfall.valid_from
        if known.get(day) == waterfall:
            continue
        later = (other - timedelta(days=1) for other in days if other > day)
        last_on = min(next(later, date.max), unit.today)
        if day <= last_on and _is_paid_between(unit, day, last_on):
            yield (
                f'waterfall "{day}": valid_from: payments were made since then in another order,'
                f" and a change never rewrites the past: take {unit.today + timedelta(days=1)} or"
                " later"
            )


def _is_paid_between(unit: Unit, first: date, last: date) -> bool:
    """Whether payments were made on those days, or asked for and may still be."""
    between = unit.market.instants(first, last)
    return paid_between(unit.connection, first, last) or is_asked_between(unit.connection, between)


def store_waterfalls(connection: Connection, given: Sequence[Waterfall]) -> Stored:
    """Store versions by their first day."""
    return upsert(connection, waterfalls, "valid_from", [stored_row(each) for each in given])


def change_waterfall(unit: Unit, waterfall: Waterfall, operator: str, reason: str) -> None:
    """Let payments fall in another order from a day on, which replaces a version of that day.

    Raises Refused: catalogue_contradicts (payments were made since that day), reason_missing.
    """
    for problem in waterfall_problems(unit, [waterfall]):
        raise Refused("catalogue_contradicts", problem=problem)
    store_waterfalls(unit.connection, [waterfall])
    day = waterfall.valid_from
    row = rows_by_key(unit.connection, waterfalls, "valid_from", [day])[day]
    details = stored_row(waterfall) | {"valid_from": day.isoformat()}
    write_audit(unit, operator, "change", "waterfall", row["id"], reason, **details)

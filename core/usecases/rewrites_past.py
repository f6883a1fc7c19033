"""Whether a tariff's new version would rewrite the past: a change of price never does (domain 2).

Judged by the meters that have the tariff today, and by whether its meters were moved to another
since; what was sold to a single one that got another tariff is not found.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from core.db.tariff_use import (
    access_anchors,
    charged_between,
    energy_sold_between,
    moved_away_since,
)
from core.tariff import TariffVersion, fees_due
from core.unit import Unit


def rewrites_past(
    unit: Unit, tariff_id: int, versions: Sequence[TariffVersion], new: TariffVersion
) -> str | None:
    """What stands against that version, in words; None when nothing does.

    `versions` are those in the books, oldest first: the new one would hold until the next of them.
    """
    later = (one.valid_from for one in versions if one.valid_from > new.valid_from)
    last_on = min(next(later, date.max) - timedelta(days=1), unit.today)
    if new.valid_from > last_on:
        return None
    span = (unit.connection, tariff_id, new.valid_from, last_on)
    if energy_sold_between(*span, zone=unit.market.timezone):
        return "energy was sold"
    if charged_between(*span):
        return "fees fell due"
    if moved_away_since(unit.connection, tariff_id, new.valid_from, unit.market.timezone):
        return "its meters were moved away"
    then = sorted([*versions, new], key=lambda one: one.valid_from)
    for anchor_on in access_anchors(unit.connection, tariff_id):
        if fees_due(versions, anchor_on, last_on)[0] != fees_due(then, anchor_on, last_on)[0]:
            return "fees fell due, or would have"
    return None

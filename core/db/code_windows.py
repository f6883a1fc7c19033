"""How far the codes of a device have run ahead of what it is known to have been given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class WindowUse:
    """A device and how many counts, or ids, lie between its newest code and the last one that was
    made before some day, or that was read from it."""

    device_id: int
    serial: str
    family: str
    ahead: int


# greatest() passes over a count that was never read.
_AHEAD = "max(t.counter) - greatest(min(t.counter) - 1, d.kit_counter, d.initial_counter)"


def windows_in_use(
    connection: Connection, since: datetime, least: Mapping[str, int], device_id: int | None = None
) -> list[WindowUse]:
    """Return the devices whose codes made since then are at least `least` (by family) ahead, by id;
    only that device where one is named."""
    rows = connection.execute(
        text(
            f"SELECT d.id, d.serial, m.token_family, {_AHEAD}"
            " FROM tokens t JOIN devices d ON d.id = t.device_id"
            " JOIN manufacturers m ON m.id = d.manufacturer_id"
            " JOIN unnest(CAST(:families AS text[]), CAST(:least AS bigint[])) AS f (family, least)"
            " ON f.family = m.token_family"
            " WHERE t.issued_at >= :since"
            " AND (CAST(:device AS bigint) IS NULL OR d.id = :device)"
            f" GROUP BY d.id, m.token_family, f.least HAVING {_AHEAD} >= f.least ORDER BY d.id"
        ),
        {
            "since": since,
            "families": list(least),
            "least": list(least.values()),
            "device": device_id,
        },
    )
    return [WindowUse(*row) for row in rows]

"""An operator settles what only a person could."""

from __future__ import annotations

from core.db.console_oversight import close_open_case
from core.errors import Refused
from core.unit import Unit
from core.usecases.audit import note_act


def close_case(unit: Unit, case_id: int, who: str, reason: str) -> None:
    """Close a case, saying how. Raises Refused("case_closed"), Refused("reason_missing")."""
    if not close_open_case(unit.connection, case_id, unit.now):
        raise Refused("case_closed")
    note_act(unit, who, "close", "case", case_id, reason)

"""An operator sends a text again, as it was: a new row, so that the first one's fate stays seen."""

from __future__ import annotations

from core.db.texts import copy_text, was_to_another
from core.errors import Refused
from core.unit import Unit
from core.usecases.audit import write_audit


def resend_text(unit: Unit, text_id: int, operator: str) -> None:
    """Queue the same words to the same number; ring for texts afterwards.

    Raises Refused: text_unknown, text_waiting (it is still on its way), number_let_go (the number
    is no longer theirs to whom it was written).
    """
    if was_to_another(unit.connection, text_id):
        raise Refused("number_let_go")
    copied = copy_text(
        unit.connection, text_id, f"again:{text_id}:{unit.now.isoformat()}", unit.now
    )
    if copied is None:
        raise Refused("text_unknown")
    if not copied:
        raise Refused("text_waiting")
    write_audit(unit, operator, "resend", "text", text_id, "asked for at the console")

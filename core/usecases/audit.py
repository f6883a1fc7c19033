"""An operator's act leaves a row: who, what, on which row, and why. No reason, no act."""

from __future__ import annotations

from core.db.oversight import insert_audit
from core.errors import Refused
from core.unit import Unit

# Who acts when no person does.
ITSELF = "dialwatt"


def note_act(
    unit: Unit, who: str, act: str, subject: str, subject_id: int, reason: str, **details: object
) -> None:
    """Write the audit row in the act's own transaction. Raises Refused("reason_missing")."""
    if not who.strip() or not reason.strip():
        raise Refused("reason_missing")
    insert_audit(
        unit.connection,
        unit.now,
        {
            "who": who.strip(),
            "act": act,
            "subject": subject,
            "subject_id": subject_id,
            "reason": reason.strip()[:500],
            "details": details,
        },
    )

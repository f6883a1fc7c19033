"""Close a case; where it holds money, the operator decides what becomes of the money."""

from __future__ import annotations

from core.db.audit import ClosedCase, close_open_case
from core.db.console.cases import CaseRow, find_case
from core.db.payments import decide, is_held, release
from core.errors import Refused
from core.payment import CHANGED
from core.unit import Unit
from core.usecases.operators.audit import write_audit
from core.usecases.reconciliation.statement import NOT_ON_STATEMENT

# What may become of held money: it is applied, or kept waiting for a refund or another statement.
APPLY, KEEP = "apply", "keep"
# The kinds of cases because of which a payment is on hold.
_HOLDING = (NOT_ON_STATEMENT, CHANGED)


def close_case(
    unit: Unit, case_id: int, operator: str, reason: str, held: str | None = None
) -> None:
    """Close a case, saying how. `held`: APPLY or KEEP where `holds_money`, and only there.

    Raises Refused: case_closed, decision_missing, reason_missing."""
    case = close_open_case(unit.connection, case_id, unit.now)
    if case is None:
        raise Refused("case_closed")
    details = {}
    payment_id = _held_payment(unit, case)
    if payment_id is not None:
        if held not in (APPLY, KEEP):
            raise Refused("decision_missing")
        if held == APPLY:
            release(unit.connection, unit.now, [payment_id])
            if case.kind == CHANGED:
                decide(unit.connection, unit.now, payment_id)
            unit.wakes.add("payments")
        details = {"held": held}
    write_audit(unit, operator, "close", "case", case_id, reason, **details)


def holds_money(unit: Unit, case_id: int) -> bool:
    """Return whether a payment is on hold because of this open case."""
    case = find_case(unit.connection, case_id)
    return case is not None and case.closed_at is None and _held_payment(unit, case) is not None


def _held_payment(unit: Unit, case: CaseRow | ClosedCase) -> int | None:
    """Return the id of the payment that is on hold because of the case."""
    on_hold = case.kind in _HOLDING and is_held(unit.connection, case.payment_id)
    return case.payment_id if on_hold else None

"""Close a case; where it holds money, the operator decides what becomes of the money."""

from __future__ import annotations

from core.db.audit import ClosedCase, close_open_case
from core.db.console.cases import CaseRow, find_case
from core.db.payments import decide, is_held, lock_payment, release
from core.errors import Refused
from core.movement import BOOKED_AS
from core.payment import CHANGED
from core.unit import Unit
from core.usecases.operators.audit import write_audit
from core.usecases.reconciliation.book_movements import HELD, NOT_ON_STATEMENT
from core.usecases.reconciliation.explain import explain_movement

# What may become of held money: it is applied, or kept waiting for a refund or another statement.
APPLY, KEEP = "apply", "keep"
# The kinds of cases because of which a payment is on hold.
_HOLDING = (NOT_ON_STATEMENT, CHANGED)


def close_case(
    unit: Unit, case_id: int, operator: str, reason: str, held: str | None = None
) -> None:
    """Close a case, saying how. `held`: one of `decisions_of` the case, where it has any.

    Raises Refused: case_closed, decision_missing, reason_missing."""
    found = find_case(unit.connection, case_id)
    if found is not None and found.payment_id is not None:
        lock_payment(unit.connection, found.payment_id)  # before the case, as everywhere
    case = close_open_case(unit.connection, case_id, unit.now)
    if case is None:
        raise Refused("case_closed")
    details = {}
    decisions = _decisions(unit, case)
    if decisions:
        if held not in decisions:
            raise Refused("decision_missing")
        _carry_out(unit, case, held, (operator, reason))
        details = {"held": held}
    write_audit(unit, operator, "close", "case", case_id, reason, **details)


def decisions_of(unit: Unit, case_id: int) -> tuple[str, ...]:
    """Return what a person may decide about an open case: APPLY and KEEP where a payment is on hold
    because of it, `BOOKED_AS` where a movement waits to be explained; empty for other cases."""
    case = find_case(unit.connection, case_id)
    return () if case is None or case.closed_at is not None else _decisions(unit, case)


def _decisions(unit: Unit, case: CaseRow | ClosedCase) -> tuple[str, ...]:
    if case.kind == HELD:
        return BOOKED_AS
    on_hold = case.kind in _HOLDING and is_held(unit.connection, case.payment_id)
    return (APPLY, KEEP) if on_hold else ()


def _carry_out(unit: Unit, case: ClosedCase, decision: str, actor: tuple[str, str]) -> None:
    for booked_as in BOOKED_AS:
        if decision == booked_as:
            explain_movement(unit, case.about, booked_as, *actor)
    if decision == APPLY and case.payment_id is not None:
        release(unit.connection, unit.now, [case.payment_id])
        if case.kind == CHANGED:
            decide(unit.connection, unit.now, case.payment_id)
        unit.wakes.add("payments")

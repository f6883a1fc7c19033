"""Close a case; where it holds money, the operator decides what becomes of the money."""

from __future__ import annotations

from core.db.audit import ClosedCase, close_open_case
from core.db.console.cases import CaseRow, find_case
from core.db.console.vends import find_vend_row
from core.db.payments import decide, get_payment, is_held, lock_payment, release
from core.errors import BrokenInvariant, Refused
from core.movement import BOOKED_AS
from core.payment import CHANGED, TOLD_BACK, UNLISTED, UNVERIFIED
from core.refund import NewReturn
from core.unit import Unit
from core.usecases.operators.audit import write_audit
from core.usecases.payments.doubt import report_forgery
from core.usecases.payments.provider_word import decide_by_hand
from core.usecases.reconciliation.book_movements import HELD
from core.usecases.reconciliation.explain import explain_movement
from core.usecases.refunds.return_money import return_money
from core.usecases.vends.outcome import OPEN_KINDS

# What may become of held money: it is applied, kept waiting for a refund or the provider's word, or
# reversed, as it was never paid.
APPLY, KEEP, NEVER_PAID = "apply", "keep", "never_paid"
# The kinds of cases because of which a payment is on hold, and of those that doubt it was made.
_HOLDING, _DOUBTING = (UNLISTED, UNVERIFIED, CHANGED, TOLD_BACK), (UNLISTED, UNVERIFIED)


def close_case(
    unit: Unit, case_id: int, operator: str, reason: str, held: str | None = None
) -> None:
    """Close a case, saying how. `held`: one of `decisions_of` the case, where it has any.

    Raises Refused: case_closed, decision_missing, reason_missing, vend_undecided."""
    found = find_case(unit.connection, case_id)
    if found is not None and found.payment_id is not None:
        lock_payment(unit.connection, found.payment_id)  # before the case, as everywhere
    if found is not None:
        _check_decided(unit, found)
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


def vend_of_case(case: CaseRow) -> int | None:
    """Return the id of the vend that a case waits for a decision about; None for other cases."""
    is_open = case.closed_at is None and case.kind in OPEN_KINDS
    return int(case.dedupe_key.rsplit(":", 1)[1]) if is_open else None


def _check_decided(unit: Unit, case: CaseRow) -> None:
    """A case about a vend is closed by the decision about it: money depends on that."""
    vend_id = vend_of_case(case)
    row = find_vend_row(unit.connection, vend_id) if vend_id else None
    if row is not None and row.waits_for_person:
        raise Refused("vend_undecided", vend_id=row.id)


def decisions_of(unit: Unit, case_id: int) -> tuple[str, ...]:
    """Return what a person may decide about an open case: APPLY and KEEP where a payment is on hold
    because of it, and NEVER_PAID where it doubts that the payment was made; `BOOKED_AS` where a
    movement waits to be explained; empty for other cases."""
    case = find_case(unit.connection, case_id)
    return () if case is None or case.closed_at is not None else _decisions(unit, case)


def _decisions(unit: Unit, case: CaseRow | ClosedCase) -> tuple[str, ...]:
    if case.kind == HELD:
        return BOOKED_AS
    if case.kind in _HOLDING and is_held(unit.connection, case.payment_id):
        return (APPLY, KEEP, NEVER_PAID) if case.kind in _DOUBTING else (APPLY, KEEP)
    payment = get_payment(unit.connection, case.payment_id) if case.payment_id else None
    if case.kind == UNVERIFIED and payment is not None and payment.state == "suspense":
        return (KEEP, NEVER_PAID)
    return ()


def _carry_out(unit: Unit, case: ClosedCase, decision: str, actor: tuple[str, str]) -> None:
    for booked_as in BOOKED_AS:
        if decision == booked_as:
            explain_movement(unit, case.about, booked_as, *actor)
    if decision == APPLY and case.payment_id is not None:
        release(unit.connection, unit.now, [case.payment_id])
        decide_by_hand(unit, case.payment_id)
        if case.kind == CHANGED:
            decide(unit.connection, unit.now, case.payment_id)
        unit.wakes.add("payments")
    if decision == NEVER_PAID and case.payment_id is not None:
        _take_out(unit, case.payment_id)


def _take_out(unit: Unit, payment_id: int) -> None:
    """Reverse a payment that was never made. A forger announced it: from now on others are
    suspected."""
    payment = lock_payment(unit.connection, payment_id)
    if payment is None:
        raise BrokenInvariant(f"there is no payment {payment_id}")
    what = f"{payment.receipt} was announced and never paid"
    report_forgery(unit, payment.provider_account, what)
    return_money(unit, payment, NewReturn(None, "provider"))

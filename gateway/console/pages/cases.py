"""Cases: what an operator has to resolve, closed with the resolution as the reason."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort

from core.db.console.cases import CASES, find_case
from core.unit import Unit
from core.usecases.reconciliation.cases import APPLY, KEEP, close_case, holds_money
from gateway.console.console_context import current_operator
from gateway.console.formatting import INSTANT, LABEL, MONOSPACE, STATE, TEXT, instant, label
from gateway.console.forms import Done, Field, Form, Values, action_page
from gateway.console.listing import Column, Listing, condition_filter, list_page
from gateway.console.roles import is_allowed

blueprint = Blueprint("cases", __name__)

_STATES = (("open", "open"), ("closed", "closed"))


list_page(
    blueprint,
    "/cases/",
    "cases",
    Listing(
        "Cases",
        CASES,
        columns=(
            Column("Opened", "opened_at", INSTANT, "cases.close", "case_id"),
            Column("Kind", "kind", LABEL),
            Column("Details", "detail", TEXT),
            Column("Payment", "receipt", MONOSPACE, "payments.payment", "payment_id", "payment_id"),
            Column("State", "state", STATE),
            Column("Closed", "closed_at", INSTANT),
        ),
        filters=(condition_filter("state", "State", _STATES, "open"),),
        intro="Cases that only an operator can resolve. To close one, write how it was resolved.",
    ),
)


def _case_summary(unit: Unit, case_id: int) -> list[tuple[str, str]]:
    case = find_case(unit.connection, case_id) or abort(404)
    return [
        ("Opened", instant(case.opened_at, unit.market)),
        ("Kind", label(case.kind)),
        ("Payment", case.receipt or ""),
        ("Closed", instant(case.closed_at, unit.market) if case.closed_at else ""),
        ("Details", case.detail),
    ]


_APPLY = (APPLY, "apply the payment")
_KEEP = (KEEP, "keep it on hold")


def _decisions(unit: Unit) -> Sequence[tuple[str, str]]:
    """Return the decisions about a payment on hold. Only some roles may apply it."""
    return (_APPLY, _KEEP) if is_allowed(current_operator().role, "match_payment") else (_KEEP,)


def _decision_field(unit: Unit, case_id: int) -> Sequence[Field]:
    if not holds_money(unit, case_id):
        return ()
    hint = (
        "A payment on hold can be refunded on its page. It is applied if a later statement of the"
        " provider has it."
    )
    return (Field("held", "Payment on hold", kind="select", options=_decisions, hint=hint),)


def _close_case(unit: Unit, operator: str, values: Values, case_id: int) -> Done:
    decision = values.get("held")
    close_case(unit, case_id, operator, values["reason"], decision)
    if decision == APPLY:
        message = "The case is closed and the payment is applied."
        return Done(message, "cases.cases")
    return Done("The case is closed.", "cases.cases")


action_page(
    blueprint,
    "/cases/<int:case_id>/close",
    "close",
    "close_case",
    Form("Close a case", _decision_field, _close_case, button="Close", summary=_case_summary),
)

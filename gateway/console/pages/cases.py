"""Cases: what an operator has to resolve, closed with the resolution as the reason."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort, redirect, url_for

from core.db.console.cases import CASES, find_case
from core.db.payments import get_payment
from core.unit import Unit
from core.usecases.reconciliation.cases import (
    APPLY,
    KEEP,
    NEVER_PAID,
    close_case,
    decisions_of,
    vend_of_case,
)
from gateway.console.acts import Act
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


_WORDS = {
    APPLY: "apply the payment",
    KEEP: "keep it on hold",
    NEVER_PAID: "it was never paid: reverse it",
    "settlement": "money between this account and our bank: book it",
    "fee": "a charge of the provider, or one given back: book it",
    "unclassified": "something else, such as salaries: book it, the accountant books it on",
    "nothing": "it is in the books already: book nothing",
}
_HINTS = {
    KEEP: "A payment on hold can be refunded on its page. It is applied if the provider says later"
    " that it was made.",
    "nothing": "It is booked with the date of the statement. Money of a customer is booked on the"
    " page of the payment instead: then choose that nothing is to be booked.",
}


def _decision_field(unit: Unit, case_id: int) -> Sequence[Field]:
    case = find_case(unit.connection, case_id)
    if case is not None and (vend_id := vend_of_case(case)) is not None:
        abort(redirect(url_for("vends.vend", vend_id=vend_id)))
    decisions = decisions_of(unit, case_id)
    if not decisions:
        return ()

    def options(_: Unit) -> Sequence[tuple[str, str]]:
        """Return the decisions about the case. Only some roles may move money."""
        moves_money = is_allowed(current_operator().role, "match_payment")
        return [(each, _WORDS[each]) for each in decisions if moves_money or each == KEEP]

    hint = _HINTS["nothing" if "nothing" in decisions else KEEP]
    return (Field("held", "What it is", kind="select", options=options, hint=hint),)


def _released(unit: Unit, values: Values, case_id: int) -> int | None:
    """Return the money of a payment that is applied, in minor units; None: what is booked."""
    case = find_case(unit.connection, case_id)
    if case is None or case.payment_id is None or values.get("held") != APPLY:
        return None
    payment = get_payment(unit.connection, case.payment_id)
    return payment.left_minor if payment else None


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
    Form(
        "Close a case",
        _decision_field,
        _close_case,
        button="Close",
        summary=_case_summary,
        act=Act("close_case", _released),
    ),
)

"""Cases: what only a person can settle, until a person says how it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort

from core.db.console_oversight import find_case
from core.db.console_payments import CASES
from core.unit import Unit
from core.usecases.close_case import close_case
from gateway.console.forms import Done, Form, Values, act_page, nothing_else
from gateway.console.listing import Column, Filter, Listing, list_page
from gateway.console.showing import CODE, INSTANT, STATE, TEXT, WORDS, instant, words

pages = Blueprint("cases", __name__)

_STATES = (("open", "open"), ("closed", "closed"))


def _state(unit: Unit, typed: str) -> Mapping[str, Any]:
    if (typed, typed) not in _STATES:
        raise ValueError("choose one of the list")
    return {typed: True}


list_page(
    pages,
    "/cases/",
    "cases",
    Listing(
        "Cases",
        CASES,
        columns=(
            Column("Opened", "opened_at", INSTANT, "cases.close", "case_id"),
            Column("Kind", "kind", WORDS),
            Column("What", "detail", TEXT),
            Column("Payment", "receipt", CODE, "payments.payment", "payment_id", "payment_id"),
            Column("State", "state", STATE),
            Column("Closed", "closed_at", INSTANT),
        ),
        filters=(Filter("state", "State", _state, "select", lambda unit: _STATES, "open"),),
        intro="What only a person can settle. Close one by saying how it was settled.",
    ),
)


def _about(unit: Unit, case_id: int) -> list[tuple[str, str]]:
    case = find_case(unit.connection, case_id) or abort(404)
    return [
        ("Opened", instant(case.opened_at, unit.market)),
        ("Kind", words(case.kind)),
        ("Payment", case.receipt or ""),
        ("Closed", instant(case.closed_at, unit.market) if case.closed_at else ""),
        ("What", case.detail),
    ]


def _close(unit: Unit, who: str, values: Values, case_id: int) -> Done:
    close_case(unit, case_id, who, values["reason"])
    return Done("The case is closed.", "cases.cases")


act_page(
    pages,
    "/cases/<int:case_id>/close",
    "close",
    "close_case",
    Form("Close a case", nothing_else, _close, button="Close", about=_about),
)

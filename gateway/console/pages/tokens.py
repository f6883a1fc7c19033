"""The token desk: codes ordered by hand, each with a reason, and what became of them."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from core.db.console.tokens import TOKEN_ORDERS, find_token_order, tokens_of_order
from core.errors import Refused
from core.tokens.family import Action
from core.unit import Unit
from core.usecases.tokens.token_orders import order_token
from gateway.console import parsing
from gateway.console.auth import page
from gateway.console.console_context import console
from gateway.console.formatting import COUNT, INSTANT, LABEL, MONOSPACE, STATE, TEXT
from gateway.console.forms import Done, Field, Form, Values, action_page
from gateway.console.listing import (
    Column,
    Listing,
    choice_filter,
    list_page,
    serial_filter,
    state_filter,
)

blueprint = Blueprint("codes", __name__)

_KINDS = (
    ("days", "days"),
    ("energy", "energy, in kWh"),
    ("unlock", "unlock for good"),
    ("lock", "lock"),
)


list_page(
    blueprint,
    "/codes/",
    "codes",
    Listing(
        "Codes by hand",
        TOKEN_ORDERS,
        columns=(
            Column("Ordered", "ordered_at", INSTANT, "codes.code", "order_id"),
            Column("Serial", "serial", MONOSPACE),
            Column("Kind", "kind", LABEL),
            Column("Days", "days", COUNT),
            Column("kWh", "kwh", COUNT),
            Column("By", "operator"),
            Column("Why", "reason", TEXT),
            Column("State", "state", STATE),
            Column("Problem", "problem"),
        ),
        filters=(
            serial_filter(),
            choice_filter("kind", "Kind", lambda unit: _KINDS),
            state_filter("waiting", "made", "failed"),
        ),
        buttons=(("Order a code", "codes.order"),),
    ),
)


@page(blueprint, "/codes/<int:order_id>", "view")
def code(order_id: int) -> ResponseReturnValue:
    """One order, and the codes that came of it, covered."""
    with console().read_only_unit() as unit:
        order = find_token_order(unit.connection, order_id) or abort(404)
        tokens = tokens_of_order(unit.connection, order_id)
        return render_template("code.html", unit=unit, order=order, tokens=tokens)


def _order(unit: Unit, operator: str, values: Values) -> Done:
    kind = cast("Action", values["kind"])
    order_id = order_token(unit, values["serial"], kind, _units(values), operator, values["reason"])
    message = f"The code for {values['serial']} is being made."
    return Done(message, "codes.code", {"order_id": order_id}, ("payments",))


def _units(values: Values) -> int:
    """Days, or tenths of a kWh. Raises Refused("code_amount_wrong")."""
    given = values["amount"] or "0"
    whole, _, tenth = given.replace(",", ".").partition(".")
    parts = (whole, tenth or "0")
    if not all(part.isdecimal() for part in parts) or len(whole) > 6 or len(tenth) > 1:
        raise Refused("code_amount_wrong")
    if values["kind"] == "energy":
        return int(whole) * 10 + int(parts[1])
    if int(parts[1]):
        raise Refused("code_amount_wrong")
    return int(whole)


action_page(
    blueprint,
    "/codes/new",
    "order",
    "order_token",
    Form(
        "Order a code",
        lambda unit: (
            Field("serial", "Serial number of the device", parsing.serial),
            Field("kind", "What it does", kind="select", options=lambda unit: _KINDS),
            Field("amount", "How many days, or kWh", optional=True, hint="Nothing for a lock."),
        ),
        _order,
        button="Order it",
        errors_at={
            "unknown_serial": "serial",
            "code_not_made": "kind",
            "code_ordered": "kind",
            "code_amount": "amount",
            "code_no_amount": "amount",
            "code_amount_wrong": "amount",
        },
    ),
)

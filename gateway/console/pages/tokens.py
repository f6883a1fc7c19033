"""Manual tokens: ordered with a reason and made by a worker. Any token is revealed from here."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from core.db.console.tokens import TOKEN_ORDERS, find_token, find_token_order, tokens_of_order
from core.errors import Refused
from core.tokens.family import Action
from core.unit import Unit
from core.usecases.tokens.goodwill import give_token
from core.usecases.tokens.resend import reveal_token
from gateway.console import parsing
from gateway.console.acts import Act
from gateway.console.auth import page
from gateway.console.console_context import console
from gateway.console.formatting import (
    COUNT,
    INSTANT,
    LABEL,
    MONOSPACE,
    STATE,
    TEXT,
    token_units,
)
from gateway.console.forms import (
    Done,
    Field,
    Form,
    ShownOnce,
    Values,
    action_page,
    no_fields,
)
from gateway.console.listing import (
    Column,
    Listing,
    choice_filter,
    list_page,
    serial_filter,
    state_filter,
)

blueprint = Blueprint("tokens", __name__)

_KINDS = (
    ("days", "days"),
    ("energy", "energy, in kWh"),
    ("unlock", "unlock permanently"),
    ("lock", "lock"),
    ("set_days", "set the days, whatever it had"),
    ("sync", "counter sync (OpenPAYGO)"),
    ("wipe_state", "wipe the credit (Nexus)"),
    ("wipe_ids", "wipe the ids it remembers (Nexus)"),
    ("wipe_all", "wipe credit and ids (Nexus)"),
)


list_page(
    blueprint,
    "/manual-tokens/",
    "orders",
    Listing(
        "Manual tokens",
        TOKEN_ORDERS,
        columns=(
            Column("Ordered", "ordered_at", INSTANT, "tokens.order", "order_id"),
            Column("Serial number", "serial", MONOSPACE),
            Column("Kind", "kind", LABEL),
            Column("Days", "days", COUNT),
            Column("kWh", "kwh", COUNT),
            Column("Operator", "operator"),
            Column("Reason", "reason", TEXT),
            Column("State", "state", STATE),
            Column("Problem", "problem"),
        ),
        filters=(
            serial_filter(),
            choice_filter("kind", "Kind", lambda unit: _KINDS),
            state_filter("waiting", "made", "failed"),
        ),
        buttons=(("Order a token", "tokens.new_order"),),
    ),
)


@page(blueprint, "/manual-tokens/<int:order_id>", "view")
def order(order_id: int) -> ResponseReturnValue:
    """Show an order and the tokens that were made for it, with their digits hidden."""
    with console().read_only_unit() as unit:
        return render_template(
            "token_order.html",
            unit=unit,
            order=find_token_order(unit.connection, order_id) or abort(404),
            tokens=tokens_of_order(unit.connection, order_id),
        )


def _order_token(unit: Unit, operator: str, values: Values) -> Done:
    kind = cast("Action", values["kind"])
    order_id = give_token(
        unit, values["serial"], kind, _parse_units(values), operator, values["reason"]
    )
    message = f"The token for {values['serial']} is being made."
    return Done(message, "tokens.order", {"order_id": order_id})


def _parse_units(values: Values) -> int:
    """Return days, or tenths of a kWh. Raises Refused("token_amount_invalid")."""
    given = values["amount"] or "0"
    whole, _, tenth = given.replace(",", ".").partition(".")
    parts = (whole, tenth or "0")
    if not all(part.isdecimal() for part in parts) or len(whole) > 6 or len(tenth) > 1:
        raise Refused("token_amount_invalid")
    if values["kind"] == "energy":
        return int(whole) * 10 + int(parts[1])
    if int(parts[1]):
        raise Refused("token_amount_invalid")
    return int(whole)


action_page(
    blueprint,
    "/manual-tokens/new",
    "new_order",
    "order_token",
    Form(
        "Order a token",
        lambda unit: (
            Field("serial", "Serial number", parsing.serial),
            Field("kind", "Kind", kind="select", options=lambda unit: _KINDS),
            Field(
                "amount",
                "Days, or kWh",
                optional=True,
                hint="Empty for what has no amount, such as lock and unlock.",
            ),
        ),
        _order_token,
        button="Order it",
        errors_at={
            "unknown_serial": "serial",
            "token_not_supported": "kind",
            "token_ordered": "kind",
            "token_amount_range": "amount",
            "no_codes": "amount",
            "token_without_amount": "amount",
            "token_amount_invalid": "amount",
        },
        act=Act("order_token"),
    ),
)


def _token_summary(unit: Unit, token_id: int) -> list[tuple[str, str]]:
    token = find_token(unit.connection, token_id) or abort(404)
    return [("Device", token.serial), ("Gives", token_units(token.kind, token.units))]


def _reveal_token(unit: Unit, operator: str, values: Values, token_id: int) -> Done:
    token = reveal_token(unit, token_id, operator, values["reason"])
    endpoint, ids = "tokens.order", {"order_id": token.order_id}
    if token.payment_id is not None:
        endpoint, ids = "payments.payment", {"payment_id": token.payment_id}
    message = f"The token for {token.serial} was revealed. It is shown only once."
    caption = f"The token for {token.serial} is shown only once"
    shown = ShownOnce(caption, (token.text,), token_id)
    return Done(message, endpoint, ids, shown_once=shown)


action_page(
    blueprint,
    "/tokens/<int:token_id>/reveal",
    "reveal",
    "reveal_token",
    Form("Reveal a token", no_fields, _reveal_token, button="Reveal it", summary=_token_summary),
)

"""Payments: the list, and one page that tells the whole story of one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from core.db.console.audit import audit_of
from core.db.console.cases import cases_of_payment
from core.db.console.payments import (
    PAYMENTS,
    PaymentDetails,
    entries_of_payment,
    find_payment_details,
    refunds_of_payment,
    sms_of_payment,
)
from core.db.console.tokens import find_token, tokens_of_payment
from core.db.payments import lines_of
from core.db.refunds import find_given_up
from core.msisdn import parse_msisdn
from core.unit import Unit
from core.usecases.payments.notify_payer import reach_payer
from core.usecases.refunds.suspense import suggest_matches
from core.usecases.tokens.resend import reveal_token
from gateway.console.auth import page
from gateway.console.console_context import console
from gateway.console.formatting import INSTANT, MONEY, MONOSPACE, STATE, instant, label, token_units
from gateway.console.forms import Done, Form, Values, action_page, no_fields
from gateway.console.listing import (
    Column,
    Filter,
    Listing,
    customer_column,
    list_page,
    period_filters,
    state_filter,
)

blueprint = Blueprint("payments", __name__)


def _search(unit: Unit, typed: str) -> Mapping[str, Any]:
    """A phone number finds what it paid, also where M-Pesa told it as a hash; else a receipt."""
    try:
        payer = parse_msisdn(typed, unit.market.country)
    except ValueError:
        return {"receipt": typed.upper()}
    return {"payer": payer, "payer_sha256": hashlib.sha256(payer[1:].encode()).hexdigest()}


list_page(
    blueprint,
    "/payments/",
    "payments",
    Listing(
        "Payments",
        PAYMENTS,
        columns=(
            Column("Received", "received_at", INSTANT),
            Column("Receipt", "receipt", MONOSPACE, "payments.payment", "payment_id"),
            Column("Amount", "amount_minor", MONEY),
            Column("For", "account_raw", MONOSPACE),
            customer_column(),
            Column("State", "state", STATE),
            Column("Through", "provider_account"),
            Column("Problem", "problem"),
        ),
        filters=(
            Filter("search", "Receipt or payer's number", _search),
            state_filter("received", "applied", "suspense", "refunding", "refunded", "reversed"),
            *period_filters(),
        ),
    ),
)


@page(blueprint, "/payments/<int:payment_id>", "view")
def payment(payment_id: int) -> ResponseReturnValue:
    """What the provider said, where the money went, what was sent, and what people did about it."""
    with console().read_only_unit() as unit:
        connection = unit.connection
        paid = find_payment_details(connection, payment_id) or abort(404)
        return render_template(
            "payment.html",
            unit=unit,
            paid=paid,
            payer=payer_of(unit, paid),
            lines=lines_of(connection, payment_id),
            entries=entries_of_payment(connection, payment_id),
            tokens=tokens_of_payment(connection, payment_id),
            texts=sms_of_payment(connection, payment_id),
            refunds=refunds_of_payment(connection, payment_id),
            cases=cases_of_payment(connection, payment_id),
            audit=audit_of(connection, "payment", payment_id),
            nobody_knows=find_given_up(connection, payment_id) is not None,
            suggestions=suggest_matches(unit, payment_id) if paid.state == "suspense" else (),
        )


def payer_of(unit: Unit, paid: PaymentDetails) -> str:
    """The payer as far as the provider told."""
    if paid.payer is None:
        return "not told"
    found = reach_payer(unit, paid.payer_kind, paid.payer)
    if found:
        return found.msisdn
    return "hidden by the provider" if paid.payer_kind == "sha256" else str(paid.payer)


def _about_token(unit: Unit, token_id: int) -> list[tuple[str, str]]:
    token = find_token(unit.connection, token_id) or abort(404)
    return [("For", token.serial), ("Gives", token_units(token.kind, token.units))]


def _reveal(unit: Unit, operator: str, values: Values, token_id: int) -> Done:
    token = reveal_token(unit, token_id, operator, values["reason"])
    message = f"The code for {token.serial} is {token.text}"
    if token.payment_id is not None:
        return Done(message, "payments.payment", {"payment_id": token.payment_id})
    return Done(message, "codes.code", {"order_id": token.order_id})


action_page(
    blueprint,
    "/tokens/<int:token_id>/see",
    "token",
    "reveal_token",
    Form("See a code", no_fields, _reveal, button="Show it", summary=_about_token),
)


def facts_of(unit: Unit, payment_id: int) -> list[tuple[str, str]]:
    """What there is to know of a payment above a form about it."""
    paid = find_payment_details(unit.connection, payment_id) or abort(404)
    return [
        ("Receipt", paid.receipt),
        ("Amount", MONEY.show(paid.amount_minor, unit.market)),
        ("Typed as account", paid.account_raw),
        ("Payer", payer_of(unit, paid)),
        ("Received", instant(paid.received_at, unit.market)),
        ("State", label(paid.state)),
    ]

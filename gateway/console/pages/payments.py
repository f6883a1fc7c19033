"""Payments: the list, and one page with the whole history of a payment."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from core.db.console.payments import PAYMENTS, PaymentDetails, find_payment_details
from core.db.refunds import find_given_up
from core.msisdn import parse_msisdn
from core.payment import normalise_receipt
from core.unit import Unit
from core.usecases.payments.notify_payer import reach_payer
from core.usecases.payments.show import find_payment_history
from core.usecases.refunds.suspense import suggest_matches
from gateway.console.auth import page
from gateway.console.console_context import console
from gateway.console.formatting import INSTANT, MONEY, MONOSPACE, STATE, instant, label
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


def _parse_search(unit: Unit, typed: str) -> Mapping[str, Any]:
    """Parse a phone number, which also matches the hash that M-Pesa sends, otherwise a receipt."""
    try:
        payer = parse_msisdn(typed, unit.market.country)
    except ValueError:
        return {"receipt": normalise_receipt(typed)}
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
            Column("Account typed", "account_raw", MONOSPACE),
            customer_column(),
            Column("State", "state", STATE),
            Column("Provider account", "provider_account"),
            Column("Problem", "problem"),
        ),
        filters=(
            Filter("search", "Receipt or payer's number", _parse_search),
            state_filter(
                "received", "held", "applied", "suspense", "refunding", "refunded", "reversed"
            ),
            *period_filters(),
        ),
    ),
)


@page(blueprint, "/payments/<int:payment_id>", "view")
def payment(payment_id: int) -> ResponseReturnValue:
    """Show a payment: callback, allocation, tokens, SMS, journal entries, refunds, cases, audit."""
    with console().read_only_unit() as unit:
        history = find_payment_history(unit, payment_id) or abort(404)
        in_suspense = history.payment.state == "suspense"
        return render_template(
            "payment.html",
            unit=unit,
            history=history,
            payment=history.payment,
            payer=_payer(unit, history.payment),
            refund_outcome_unknown=find_given_up(unit.connection, payment_id) is not None,
            suggestions=suggest_matches(unit, payment_id) if in_suspense else (),
        )


def _payer(unit: Unit, details: PaymentDetails) -> str:
    """Return the payer as far as the provider told us."""
    if details.payer is None:
        return "unknown"
    found = reach_payer(unit, details.payer_kind, details.payer)
    if found:
        return found.msisdn
    return "hidden by the provider" if details.payer_kind == "sha256" else details.payer


def payment_summary(unit: Unit, payment_id: int) -> list[tuple[str, str]]:
    """Return (label, value) pairs about a payment for the top of a form."""
    details = find_payment_details(unit.connection, payment_id) or abort(404)
    return [
        ("Receipt", details.receipt),
        ("Amount", MONEY.show(details.amount_minor, unit.market)),
        ("Account typed", details.account_raw),
        ("Payer", _payer(unit, details)),
        ("Received", instant(details.received_at, unit.market)),
        ("State", label(details.state)),
    ]

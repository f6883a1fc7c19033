"""The suspense desk: money that belongs to no device we know is matched, or sent back."""

from __future__ import annotations

from flask import Blueprint

from core.db.console.payments import SUSPENSE
from core.unit import Unit
from core.usecases.refunds.refund import request_refund
from core.usecases.refunds.reversal import reverse_by_hand
from core.usecases.refunds.suspense import match_suspense
from gateway.console import parsing
from gateway.console.formatting import INSTANT, MONEY, MONOSPACE
from gateway.console.forms import Done, Field, Form, Values, action_page, no_fields
from gateway.console.listing import Column, Listing, list_page
from gateway.console.pages.payments import facts_of

blueprint = Blueprint("suspense", __name__)

list_page(
    blueprint,
    "/suspense/",
    "suspense",
    Listing(
        "Suspense",
        SUSPENSE,
        columns=(
            Column("Received", "received_at", INSTANT),
            Column("Receipt", "receipt", MONOSPACE, "payments.payment", "payment_id"),
            Column("Amount", "amount_minor", MONEY),
            Column("Typed as account", "account_raw", MONOSPACE),
            Column("Through", "provider_account"),
        ),
        intro="Money that came for no device we know, the longest waiting first."
        " Open one for suggestions.",
    ),
)


def _match(unit: Unit, operator: str, values: Values, payment_id: int) -> Done:
    match_suspense(unit, payment_id, values["serial"], operator, values["reason"])
    message = f"Matched to {values['serial']}; it is applied now."
    return Done(message, "payments.payment", {"payment_id": payment_id}, ("payments", "texts"))


action_page(
    blueprint,
    "/suspense/<int:payment_id>/match",
    "match",
    "match_payment",
    Form(
        "Match to a device",
        lambda unit, payment_id: (Field("serial", "Serial number of the device", parsing.serial),),
        _match,
        button="Match",
        errors_at={"unknown_serial": "serial", "device_in_stock": "serial"},
        summary=facts_of,
    ),
)


def _refund(unit: Unit, operator: str, values: Values, payment_id: int) -> Done:
    request_refund(unit, payment_id, operator, values["reason"])
    message = "The provider is asked to send the money back."
    return Done(message, "payments.payment", {"payment_id": payment_id}, ("money_back",))


action_page(
    blueprint,
    "/payments/<int:payment_id>/refund",
    "refund",
    "refund",
    Form("Send the money back", no_fields, _refund, button="Send back", summary=facts_of),
)


def _gone(unit: Unit, operator: str, values: Values, payment_id: int) -> Done:
    reverse_by_hand(unit, payment_id, operator, values["reason"])
    message = "Booked: the money is back with whoever paid."
    return Done(message, "payments.payment", {"payment_id": payment_id}, ("texts",))


action_page(
    blueprint,
    "/payments/<int:payment_id>/gone",
    "gone",
    "refund",
    Form(
        "The money went back: by hand, or by the provider",
        no_fields,
        _gone,
        button="It is back",
        summary=facts_of,
    ),
)

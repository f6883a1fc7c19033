"""The suspense desk: money that belongs to no device we know is matched, or sent back."""

from __future__ import annotations

from flask import Blueprint

from core.db.console.payments import SUSPENSE
from core.unit import Unit
from core.usecases.refunds.refund import request_refund
from core.usecases.refunds.reversal import reverse_by_hand
from core.usecases.refunds.suspense import match_suspense
from gateway.console import reading
from gateway.console.forms import Done, Field, Form, Values, act_page, nothing_else
from gateway.console.listing import Column, Listing, list_page
from gateway.console.payments import facts_of
from gateway.console.showing import CODE, INSTANT, MONEY

pages = Blueprint("suspense", __name__)

list_page(
    pages,
    "/suspense/",
    "suspense",
    Listing(
        "Suspense",
        SUSPENSE,
        columns=(
            Column("Received", "received_at", INSTANT),
            Column("Receipt", "receipt", CODE, "payments.payment", "payment_id"),
            Column("Amount", "amount_minor", MONEY),
            Column("Typed as account", "account_raw", CODE),
            Column("Through", "provider_account"),
        ),
        intro="Money that came for no device we know, the longest waiting first."
        " Open one for suggestions.",
    ),
)


def _match(unit: Unit, operator: str, values: Values, payment_id: int) -> Done:
    match_suspense(unit, payment_id, values["serial"], operator, values["reason"])
    told = f"Matched to {values['serial']}; it is applied now."
    return Done(told, "payments.payment", {"payment_id": payment_id}, ("payments", "sms"))


act_page(
    pages,
    "/suspense/<int:payment_id>/match",
    "match",
    "match",
    Form(
        "Match to a device",
        lambda unit, payment_id: (Field("serial", "Serial number of the device", reading.serial),),
        _match,
        button="Match",
        beside={"unknown_serial": "serial", "device_in_stock": "serial"},
        about=facts_of,
    ),
)


def _refund(unit: Unit, operator: str, values: Values, payment_id: int) -> Done:
    request_refund(unit, payment_id, operator, values["reason"])
    told = "The provider is asked to send the money back."
    return Done(told, "payments.payment", {"payment_id": payment_id}, ("reconciliation",))


act_page(
    pages,
    "/payments/<int:payment_id>/refund",
    "refund",
    "refund",
    Form("Send the money back", nothing_else, _refund, button="Send back", about=facts_of),
)


def _gone(unit: Unit, operator: str, values: Values, payment_id: int) -> Done:
    reverse_by_hand(unit, payment_id, operator, values["reason"])
    told = "Booked: the money is back with whoever paid."
    return Done(told, "payments.payment", {"payment_id": payment_id}, ("sms",))


act_page(
    pages,
    "/payments/<int:payment_id>/gone",
    "gone",
    "refund",
    Form(
        "The money went back: by hand, or by the provider",
        nothing_else,
        _gone,
        button="It is back",
        about=facts_of,
    ),
)

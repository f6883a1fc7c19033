"""Suspense: payments for no known device are matched or refunded; returned money is recorded."""

from __future__ import annotations

from flask import Blueprint

from core.db.console.payments import SUSPENSE, find_payment_details
from core.unit import Unit
from core.usecases.payments.whose import open_hands_cases, others_then
from core.usecases.refunds.refund import request_refund
from core.usecases.refunds.reversal import reverse_by_hand
from core.usecases.refunds.suspense import match_suspense
from gateway.console import parsing
from gateway.console.acts import Act
from gateway.console.formatting import INSTANT, MONEY, MONOSPACE
from gateway.console.forms import Done, Field, Form, Values, action_page
from gateway.console.listing import Column, Listing, list_page
from gateway.console.pages.payments import payment_summary
from gateway.console.pages.return_fields import (
    MONEY_BACK_ERRORS,
    part_field,
    read_return,
    return_fields,
)

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
            Column("Account typed", "account_raw", MONOSPACE),
            Column("Provider account", "provider_account"),
        ),
        intro="Payments for an account that is no known device, the oldest first. Open a payment"
        " to see suggestions.",
    ),
)


def _match_payment(unit: Unit, operator: str, values: Values, payment_id: int) -> Done:
    match_suspense(unit, payment_id, values["serial"], operator, values["reason"])
    message = f"The payment is matched to {values['serial']} and is being applied."
    return Done(message, "payments.payment", {"payment_id": payment_id})


def _match_summary(unit: Unit, payment_id: int) -> list[tuple[str, str]]:
    """Return the payment, and whose money it is where its device is in other hands now."""
    cases = (("Whose it is", case) for case in open_hands_cases(unit, payment_id))
    return [*payment_summary(unit, payment_id), *cases]


def _preview_match(unit: Unit, done: Done) -> list[str]:
    """Return who would be served, and who had the device when it was paid, where that differs."""
    payment_id = done.ids["payment_id"]
    found = find_payment_details(unit.connection, payment_id)
    served = [f"The money serves {found.customer}"] if found and found.customer else []
    others = (f"When it was paid, {name} had the device" for name in others_then(unit, payment_id))
    return [*served, *others]


action_page(
    blueprint,
    "/suspense/<int:payment_id>/match",
    "match",
    "match_payment",
    Form(
        "Match to a device or a customer",
        lambda unit, payment_id: (
            Field(
                "serial",
                "Serial number or account reference",
                parsing.serial,
                hint="The account reference of a customer pays their debts only.",
            ),
        ),
        _match_payment,
        button="Match",
        errors_at=dict.fromkeys(
            ("unknown_serial", "device_in_stock", "device_moved", "reference_expired"), "serial"
        ),
        summary=_match_summary,
        preview=_preview_match,
        act=Act("match_payment"),
    ),
)


def _refund_payment(unit: Unit, operator: str, values: Values, payment_id: int) -> Done:
    request_refund(unit, payment_id, operator, values["reason"], values["amount"])
    message = "The provider is asked to refund the payment."
    return Done(message, "payments.payment", {"payment_id": payment_id})


action_page(
    blueprint,
    "/payments/<int:payment_id>/refund",
    "refund",
    "refund",
    Form(
        "Refund a payment",
        lambda unit, payment_id: (part_field("Empty: all of it."),),
        _refund_payment,
        button="Refund it",
        errors_at=MONEY_BACK_ERRORS,
        summary=payment_summary,
        act=Act("refund"),
    ),
)


def _record_return(unit: Unit, operator: str, values: Values, payment_id: int) -> Done:
    back = read_return(unit, values)
    is_new = reverse_by_hand(unit, payment_id, back, operator, values["reason"])
    message = "Recorded: the payer has the money back." if is_new else "That was recorded before."
    return Done(message, "payments.payment", {"payment_id": payment_id})


def _return_fields(unit: Unit, payment_id: int) -> tuple[Field, ...]:
    return return_fields("Empty: all that is left.")


action_page(
    blueprint,
    "/payments/<int:payment_id>/returned",
    "record_return",
    "refund",
    Form(
        "Record that money was returned, by us or by the provider",
        _return_fields,
        _record_return,
        button="Record it",
        errors_at=MONEY_BACK_ERRORS,
        summary=payment_summary,
        act=Act("record_return"),
    ),
)

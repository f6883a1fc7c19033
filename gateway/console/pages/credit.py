"""A customer's credit: used for a device, given back, or moved to another customer."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort

from core.db.console.customers import devices_of_customer, find_customer_details
from core.db.credit import provider_accounts
from core.refund import NewReturn, read_credit_source
from core.unit import Unit
from core.usecases.customers.caller import get_known
from core.usecases.refunds.credit import give_credit_back, transfer_credit
from core.usecases.refunds.use_credit import use_credit
from gateway.console import parsing
from gateway.console.acts import Act
from gateway.console.formatting import money
from gateway.console.forms import Done, Field, Form, Values, action_page
from gateway.console.pages.return_fields import MONEY_BACK_ERRORS, part_field

blueprint = Blueprint("credit", __name__)

_ALL_OF_IT = "Empty: all of it."


def _summary(unit: Unit, customer_id: int) -> list[tuple[str, str]]:
    customer = find_customer_details(unit.connection, customer_id) or abort(404)
    return [
        ("Customer", f"{customer.name} {customer.surname}".strip()),
        ("Phone numbers", ", ".join(customer.numbers)),
        ("Credit", money(customer.credit_minor, unit.market)),
    ]


def _sources(unit: Unit) -> Sequence[tuple[str, str]]:
    """Return as options from where credit goes back: provider accounts by their name."""
    accounts = [(account, account) for account in provider_accounts(unit.connection)]
    return [("office", "the cash of the office"), ("bank", "our bank account"), *accounts]


def _reference_field(hint: str) -> Field:
    return Field("reference", "Reference", hint=f"{hint} The same one is booked once.")


def _give_back_fields(unit: Unit, customer_id: int) -> tuple[Field, ...]:
    return (
        part_field(_ALL_OF_IT),
        Field(
            "source",
            "Taken from",
            kind="select",
            options=_sources,
            hint="From a provider account: send it at the provider's portal first.",
        ),
        _reference_field("The provider's or the bank's, or the number of the voucher."),
        Field("sent_on", "Day", parsing.day, kind="date", optional=True, hint="Empty: today."),
    )


def _give_back(unit: Unit, operator: str, values: Values, customer_id: int) -> Done:
    source, account = read_credit_source(values["source"])
    at = unit.begin_of(values["sent_on"])
    back = NewReturn(values["amount"], source, values["reference"], at)
    is_new = give_credit_back(unit, customer_id, back, account, operator, values["reason"])
    message = "Recorded. The customer gets an SMS." if is_new else "That was recorded before."
    return Done(message, "customers.customer", {"customer_id": customer_id})


action_page(
    blueprint,
    "/customers/<int:customer_id>/credit/back",
    "give_back",
    "refund",
    Form(
        "Record that credit was given back",
        _give_back_fields,
        _give_back,
        button="Record it",
        errors_at=MONEY_BACK_ERRORS | {"account_unknown": "source"},
        summary=_summary,
        act=Act("give_credit_back"),
    ),
)


def _move_fields(unit: Unit, customer_id: int) -> tuple[Field, ...]:
    return (
        Field("number", "Phone number of the other customer", parsing.msisdn),
        part_field(_ALL_OF_IT),
        _reference_field("A number of your own."),
    )


def _move(unit: Unit, operator: str, values: Values, customer_id: int) -> Done:
    other = get_known(unit, values["number"])
    back = NewReturn(values["amount"], reference=values["reference"])
    is_new = transfer_credit(unit, customer_id, other.id, back, operator, values["reason"])
    message = "Moved. Both customers get an SMS." if is_new else "That was recorded before."
    return Done(message, "customers.customer", {"customer_id": customer_id})


action_page(
    blueprint,
    "/customers/<int:customer_id>/credit/move",
    "move",
    "refund",
    Form(
        "Move credit to another customer",
        _move_fields,
        _move,
        button="Move it",
        errors_at=MONEY_BACK_ERRORS | {"customer_unknown": "number", "credit_theirs": "number"},
        summary=_summary,
        act=Act("move_credit"),
    ),
)


def _use_fields(unit: Unit, customer_id: int) -> tuple[Field, ...]:
    serials = [
        (device.serial, device.serial)
        for device in devices_of_customer(unit.connection, customer_id)
    ]
    return (
        Field(
            "serial",
            "For the device",
            kind="select",
            options=lambda unit: serials,
            hint="Debts are paid first, as with any payment.",
        ),
    )


def _use(unit: Unit, operator: str, values: Values, customer_id: int) -> Done:
    receipt = use_credit(unit, customer_id, values["serial"], operator, values["reason"])
    message = f"The credit is being applied, receipt {receipt}. The customer gets an SMS."
    return Done(message, "customers.customer", {"customer_id": customer_id})


action_page(
    blueprint,
    "/customers/<int:customer_id>/credit/use",
    "use",
    "refund",
    Form(
        "Use the credit",
        _use_fields,
        _use,
        button="Use it",
        errors_at={"credit_buys_nothing": "serial", "device_of_other": "serial"},
        summary=_summary,
    ),
)

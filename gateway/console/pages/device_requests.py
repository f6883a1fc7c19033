"""Requests of callers for a device in stock, which an operator grants or declines."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort

from core.db.console.device_requests import REQUESTS, DeviceRequestRow, find_request
from core.plan import PlanTerms
from core.unit import Unit
from core.usecases.registration.device_requests import (
    decline_by_operator,
    grant_device_request,
)
from core.usecases.sales.quote import get_offer
from gateway.console.formatting import INSTANT, LABEL, MONOSPACE, instant, label
from gateway.console.forms import Done, Field, Form, Values, action_page, no_fields
from gateway.console.listing import (
    Column,
    Listing,
    choice_filter,
    list_page,
    msisdn_filter,
    serial_filter,
)
from gateway.console.pages.purchases import purchases_of_customer
from gateway.console.pages.shared_fields import (
    catalogue_options,
    device_kinds,
    given_lines,
    latest_plan_lines,
    plan_field,
    plan_fields,
    products_of,
    read_terms_for,
)

blueprint = Blueprint("device_requests", __name__)

list_page(
    blueprint,
    "/device-requests/",
    "requests",
    Listing(
        "Device requests",
        REQUESTS,
        columns=(
            Column("Requested", "asked_at", INSTANT, "device_requests.grant", "request_id"),
            Column("Phone number", "msisdn"),
            Column("Name", "full_name"),
            Column("Village", "village"),
            Column(
                "Serial number", "serial", MONOSPACE, "devices.device", "device_id", "device_id"
            ),
            Column("Kind", "kind", LABEL),
            Column("Manufacturer", "manufacturer"),
            Column("Product", "product"),
        ),
        filters=(
            msisdn_filter(),
            serial_filter(),
            choice_filter("kind", "Kind", device_kinds),
        ),
        intro="Callers who requested a device in stock from the menu, the oldest first. Agents see"
        " the newest requests for a month.",
    ),
)


def _get_request(unit: Unit, request_id: int) -> DeviceRequestRow:
    return find_request(unit.connection, request_id) or abort(404)


def _request_summary(unit: Unit, request_id: int) -> list[tuple[str, str]]:
    found = _get_request(unit, request_id)
    known = "a customer" if found.customer_id else "a new customer"
    return [
        ("Name", f"{found.full_name}, {found.msisdn} ({known})"),
        ("Village", found.village),
        ("Product", found.product or "not known"),
        ("Device", f"{found.serial}, {label(found.kind)}, {found.manufacturer}"),
        ("Requested", instant(found.asked_at, unit.market)),
    ]


def _terms_fields(unit: Unit, request_id: int) -> Sequence[Field]:
    """Return the fields for the terms: a tariff for a meter; for any other device an allowed plan,
    or the figures of one that was agreed."""
    found = _get_request(unit, request_id)
    if found.kind == "meter":
        tariffs = catalogue_options("tariffs")
        return (
            Field("tariff", "Tariff", kind="select", options=tariffs, value=found.tariff or ""),
        )
    return (
        plan_field(found.kind, found.serial, found.plan or "", optional=True),
        *plan_fields("Or a plan of its own", products_of(found.kind, found.serial)),
    )


def _terms(unit: Unit, values: Values, serial: str) -> PlanTerms | None:
    """Return the terms that were chosen for a device other than a meter, if any."""
    if values["plan"]:
        return get_offer(unit, values["plan"])[1].terms
    if any(values[name] for name in ("appliance", "scheme", "count", "instalment")):
        return read_terms_for(unit, values, serial)
    return None


def _grant_request(unit: Unit, operator: str, values: Values, request_id: int) -> Done:
    found = _get_request(unit, request_id)
    is_meter = found.kind == "meter"
    terms = values["tariff"] if is_meter else _terms(unit, values, found.serial)
    customer_id = grant_device_request(unit, request_id, terms, operator, values["reason"])
    message = "Registered. The new owner and all others who requested the device get an SMS."
    return Done(message, "customers.customer", {"customer_id": customer_id})


def _preview_grant(unit: Unit, done: Done) -> list[str]:
    """Return who gets what, the plan of the device, and what payments for a meter would buy."""
    customer_id = done.ids["customer_id"]
    return [
        *given_lines(unit, customer_id),
        *latest_plan_lines(unit, customer_id),
        *purchases_of_customer(unit, customer_id),
        "The customer gets the device today.",
    ]


action_page(
    blueprint,
    "/device-requests/<int:request_id>/grant",
    "grant",
    "answer_request",
    Form(
        "Grant a device request",
        _terms_fields,
        _grant_request,
        button="Grant it",
        errors_at={
            "tariff_needed": "tariff",
            "plan_needed": "plan",
            "plan_not_allowed": "plan",
            "kind_differs": "plan",
            "product_differs": "plan",
            "appliance_unknown": "appliance",
            "service_price": "scheme",
            "plan_count": "count",
            "plan_instalment_small": "instalment",
            "plan_instalment_large": "instalment",
            "plan_down_payment": "down_payment",
        },
        summary=_request_summary,
        preview=_preview_grant,
        links=(("Decline", "device_requests.decline"),),
    ),
)


def _decline_request(unit: Unit, operator: str, values: Values, request_id: int) -> Done:
    decline_by_operator(unit, request_id, operator, values["reason"])
    return Done(
        "The request is declined. The caller gets an SMS.",
        "device_requests.requests",
    )


action_page(
    blueprint,
    "/device-requests/<int:request_id>/decline",
    "decline",
    "answer_request",
    Form(
        "Decline a device request",
        no_fields,
        _decline_request,
        button="Decline",
        summary=_request_summary,
    ),
)

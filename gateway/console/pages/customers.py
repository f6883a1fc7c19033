"""Customers: found by number, name or serial number; one page each; registered and edited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from core.db.console.audit import audit_of
from core.db.console.customers import (
    CUSTOMERS,
    CustomerDetails,
    customer_timeline,
    devices_of_customer,
    find_customer_details,
)
from core.db.credit import acts_of_customer
from core.db.registration import devices_by_serial
from core.msisdn import parse_msisdn
from core.serial_number import normalise_serial
from core.unit import Unit
from core.usecases.customers.edit_customer import (
    CustomerEdit,
    add_number,
    edit_customer,
    put_number_first,
    remove_number,
)
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.devices.stock import NamedDevice
from core.usecases.registration.by_agent import NewMeter
from core.usecases.registration.by_operator import register_by_operator
from core.usecases.registration.show_customer import find_customer_overview
from core.usecases.sales.sell import NewSale
from gateway.console import parsing
from gateway.console.auth import page
from gateway.console.console_context import console
from gateway.console.formatting import DAY, MONEY, MONOSPACE, TEXT, money
from gateway.console.forms import Done, Field, Form, Values, action_page, form_page
from gateway.console.listing import Column, Filter, Listing, choice_filter, list_page, row_limit
from gateway.console.pages.purchases import purchases_of_customer
from gateway.console.pages.shared_fields import (
    catalogue_options,
    given_lines,
    languages,
    latest_plan_lines,
    plan_fields,
    read_terms_for,
)

blueprint = Blueprint("customers", __name__)

_EVENTS, _MAX_EVENTS = 60, 1000


def _parse_search(unit: Unit, typed: str) -> Mapping[str, Any]:
    """Parse a phone or serial number if there are digits, otherwise how name and surname begin."""
    if any(letter.isdigit() for letter in typed):
        try:
            holder = parse_msisdn(typed, unit.market.country)
        except ValueError:
            holder = None
        return {"serial": normalise_serial(typed), "holder": holder}
    first, _, second = typed.lower().partition(" ")
    named = {"named": parsing.prefix_pattern(first)}
    return named | ({"surnamed": parsing.prefix_pattern(second)} if second.strip() else {})


list_page(
    blueprint,
    "/customers/",
    "customers",
    Listing(
        "Customers",
        CUSTOMERS,
        columns=(
            Column("Name", "full_name", TEXT, "customers.customer", "customer_id"),
            Column("Phone numbers", "numbers"),
            Column("Village", "village"),
            Column("Devices", "serials", MONOSPACE),
            Column("Credit", "credit_minor", MONEY),
            Column("Registered", "created_on", DAY),
        ),
        filters=(
            Filter("search", "Phone number, name or serial number", _parse_search),
            choice_filter("village", "Village", catalogue_options("villages")),
        ),
        fixed_values=lambda unit: {"zone": unit.market.timezone},
        buttons=(("Register a customer", "customers.register"),),
    ),
)


@page(blueprint, "/customers/<int:customer_id>", "view")
def customer(customer_id: int) -> ResponseReturnValue:
    """Show a customer: debts, devices, sales, and everything that happened."""
    shown = row_limit("events", _EVENTS, _MAX_EVENTS)
    with console().read_only_unit() as unit:
        connection = unit.connection
        overview = find_customer_overview(unit, customer_id) or abort(404)
        events = customer_timeline(connection, customer_id, shown + 1)
        return render_template(
            "customer.html",
            unit=unit,
            overview=overview,
            customer=overview.customer,
            due_minor=sum(debt.amount_minor for debt in overview.debts.due),
            events=events[:shown],
            more=min(shown * 4, _MAX_EVENTS) if len(events) > shown < _MAX_EVENTS else None,
            credit_acts=acts_of_customer(connection, customer_id),
            audit=audit_of(connection, "customer", customer_id),
        )


def _register_fields(unit: Unit) -> tuple[Field, ...]:
    return (
        Field("number", "Phone number", parsing.msisdn),
        Field("name", "Name", optional=True, hint="Empty if the number is a customer's already."),
        Field("surname", "Surname", optional=True),
        Field(
            "village",
            "Village",
            kind="select",
            options=catalogue_options("villages"),
            optional=True,
        ),
        Field("language", "Language", kind="select", options=languages, optional=True),
        Field(
            "serial",
            "Serial number",
            parsing.serial,
            optional=True,
            hint="Of a device in stock. If its product is known, no appliance is needed below.",
            heading="The device",
        ),
        Field(
            "tariff",
            "Tariff",
            kind="select",
            options=catalogue_options("tariffs"),
            optional=True,
            hint="For a meter without a preset tariff.",
        ),
        *plan_fields(),
    )


def _register_customer(unit: Unit, operator: str, values: Values) -> Done:
    customer = NewCustomer(
        values["number"],
        values["name"] or "",
        values["surname"] or "",
        values["village"] or "",
        values["language"] or unit.market.default_language,
    )
    customer_id = register_by_operator(unit, operator, customer, _goods(unit, values))
    message = "Registered. The customer gets an SMS." if values["serial"] else "Registered."
    return Done(message, "customers.customer", {"customer_id": customer_id})


def _goods(unit: Unit, values: Values) -> NewMeter | NewSale | None:
    serial = values["serial"]
    if serial is None:
        return None
    known = devices_by_serial(unit.connection, [serial]).get(serial)
    if known is None or known.kind == "meter":
        return NewMeter(NamedDevice(serial), values["tariff"])
    return NewSale(read_terms_for(unit, values, serial), NamedDevice(serial))


def _preview_registration(unit: Unit, done: Done) -> list[str]:
    """Return the customer, their devices, the plan of a sale, and what payments would buy."""
    customer_id = done.ids["customer_id"]
    details = find_customer_details(unit.connection, customer_id)
    if details is None:
        return []
    devices = devices_of_customer(unit.connection, customer_id)
    serials = ", ".join(device.serial for device in devices)
    name, numbers = f"{details.name} {details.surname}", ", ".join(details.numbers)
    return [
        *given_lines(unit, customer_id),
        f"{name}, {numbers}, {details.village_name or ''}",
        f"Devices: {serials or 'none'}",
        *latest_plan_lines(unit, customer_id),
        *purchases_of_customer(unit, customer_id),
    ]


form_page(
    blueprint,
    "/customers/new",
    "register",
    "register_customer",
    Form(
        "Register a customer",
        _register_fields,
        _register_customer,
        button="Register",
        errors_at={
            "customer_unknown": "name",
            "name_missing": "name",
            "differs": "name",
            "village_unknown": "village",
            "not_in_stock": "serial",
            "device_taken": "serial",
            "device_of_another": "serial",
            "device_on_plan": "serial",
            "kind_differs": "appliance",
            "product_differs": "appliance",
            "appliance_unknown": "appliance",
            "tariff_needed": "tariff",
            "service_price": "scheme",
            "plan_count": "count",
            "plan_instalment_small": "instalment",
            "plan_instalment_large": "instalment",
            "plan_down_payment": "down_payment",
        },
        preview=_preview_registration,
    ),
)


def _get_customer(unit: Unit, customer_id: int) -> CustomerDetails:
    return find_customer_details(unit.connection, customer_id) or abort(404)


def _customer_summary(unit: Unit, customer_id: int) -> list[tuple[str, str]]:
    details = _get_customer(unit, customer_id)
    return [
        ("Customer", f"{details.name} {details.surname}".strip()),
        ("Phone numbers", ", ".join(details.numbers)),
        ("Credit", money(details.credit_minor, unit.market)),
    ]


def _customer_fields(unit: Unit, customer_id: int) -> tuple[Field, ...]:
    details = _get_customer(unit, customer_id)
    return (
        Field("name", "Name", value=details.name),
        Field("surname", "Surname", optional=True, value=details.surname),
        Field(
            "village",
            "Village",
            kind="select",
            options=catalogue_options("villages"),
            optional=True,
            value=details.village or "",
        ),
        Field("language", "Language", kind="select", options=languages, value=details.language),
    )


def _edit_customer(unit: Unit, operator: str, values: Values, customer_id: int) -> Done:
    changes = CustomerEdit(
        values["name"], values["surname"] or "", values["village"] or "", values["language"]
    )
    edit_customer(unit, customer_id, changes, operator)
    return Done("Saved.", "customers.customer", {"customer_id": customer_id})


form_page(
    blueprint,
    "/customers/<int:customer_id>/edit",
    "edit",
    "edit_customer",
    Form(
        "Edit a customer",
        _customer_fields,
        _edit_customer,
        errors_at={"name_missing": "name", "village_unknown": "village"},
        summary=_customer_summary,
    ),
)


def _add_number(unit: Unit, operator: str, values: Values, customer_id: int) -> Done:
    add_number(unit, customer_id, values["number"], operator)
    return Done("The number was added.", "customers.customer", {"customer_id": customer_id})


form_page(
    blueprint,
    "/customers/<int:customer_id>/number",
    "add_number",
    "edit_customer",
    Form(
        "Add a number",
        lambda unit, customer_id: (
            Field(
                "number",
                "Phone number",
                parsing.msisdn,
                hint="The menu works from every number. SMS go to the first one.",
            ),
        ),
        _add_number,
        button="Add",
        errors_at={"number_taken": "number"},
        summary=_customer_summary,
    ),
)


def _number_fields(unit: Unit, customer_id: int) -> tuple[Field, ...]:
    numbers = [(number, number) for number in _get_customer(unit, customer_id).numbers]
    return (Field("number", "Phone number", kind="select", options=lambda unit: numbers),)


def _remove_number(unit: Unit, operator: str, values: Values, customer_id: int) -> Done:
    remove_number(unit, customer_id, values["number"], operator, values["reason"])
    message = "The number was removed. SMS that were sent to it stay in the history."
    return Done(message, "customers.customer", {"customer_id": customer_id})


action_page(
    blueprint,
    "/customers/<int:customer_id>/number/remove",
    "remove_number",
    "edit_customer",
    Form(
        "Remove a number",
        _number_fields,
        _remove_number,
        button="Remove",
        errors_at={"number_last": "number", "number_not_theirs": "number"},
        summary=_customer_summary,
    ),
)


def _first_number(unit: Unit, operator: str, values: Values, customer_id: int) -> Done:
    put_number_first(unit, customer_id, values["number"], operator, values["reason"])
    message = f"SMS go to {values['number']} now."
    return Done(message, "customers.customer", {"customer_id": customer_id})


action_page(
    blueprint,
    "/customers/<int:customer_id>/number/first",
    "first_number",
    "edit_customer",
    Form(
        "Set the number for SMS",
        _number_fields,
        _first_number,
        button="Set the number",
        errors_at={"number_not_theirs": "number"},
        summary=_customer_summary,
    ),
)

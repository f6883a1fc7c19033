"""Customers: found by number, name or serial; registered at the desk; one page about each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from core.db.console.audit import audit_of
from core.db.console.customers import (
    CUSTOMERS,
    customer_timeline,
    devices_of_customer,
    find_customer_details,
)
from core.db.console.sales import sales_of_customer
from core.db.registration import devices_by_serial
from core.msisdn import parse_msisdn
from core.serial_number import normalise_serial
from core.unit import Unit
from core.usecases.customers.edit_customer import (
    add_number,
    edit_customer,
    put_number_first,
    remove_number,
)
from core.usecases.registration.at_office import (
    MeterHandover,
    NewCustomer,
    SaleHandover,
    register_by_operator,
)
from core.usecases.sales.allowed_plans import find_plan_set_on
from core.usecases.sales.debts import list_debts
from gateway.console import parsing
from gateway.console.auth import page
from gateway.console.console_context import console
from gateway.console.formatting import DAY, MONEY, MONOSPACE, TEXT, money
from gateway.console.forms import Done, Field, Form, Values, action_page, form_page
from gateway.console.listing import Column, Filter, Listing, choice_filter, list_page, row_limit
from gateway.console.pages.purchases import lines_for
from gateway.console.pages.shared_fields import (
    languages,
    latest_plan_lines,
    of_catalogue,
    plan_fields,
    read_terms,
)

blueprint = Blueprint("customers", __name__)

_EVENTS, _MOST_EVENTS = 60, 1000


def _search(unit: Unit, typed: str) -> Mapping[str, Any]:
    """A number or serial where there are digits, otherwise how a name and a surname begin."""
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
            Column("Numbers", "numbers"),
            Column("Village", "village"),
            Column("Devices", "serials", MONOSPACE),
            Column("Credit", "credit_minor", MONEY),
            Column("Since", "created_on", DAY),
        ),
        filters=(
            Filter("search", "Number, name or serial", _search),
            choice_filter("village", "Village", of_catalogue("villages")),
        ),
        fixed_values=lambda unit: {"zone": unit.market.timezone},
        buttons=(("Register a customer", "customers.register"),),
    ),
)


@page(blueprint, "/customers/<int:customer_id>", "view")
def customer(customer_id: int) -> ResponseReturnValue:
    """Everything about one customer."""
    shown = row_limit("events", _EVENTS, _MOST_EVENTS)
    with console().read_only_unit() as unit:
        connection = unit.connection
        person = find_customer_details(connection, customer_id) or abort(404)
        debts = list_debts(unit, customer_id)
        events = customer_timeline(connection, customer_id, shown + 1)
        return render_template(
            "customer.html",
            unit=unit,
            person=person,
            debts=debts,
            due_minor=sum(line.amount_minor for line in debts.due),
            devices=devices_of_customer(connection, customer_id),
            sales=sales_of_customer(connection, customer_id),
            events=events[:shown],
            more=min(shown * 4, _MOST_EVENTS) if len(events) > shown < _MOST_EVENTS else None,
            audit=audit_of(connection, "customer", customer_id),
        )


def _register_fields(unit: Unit) -> tuple[Field, ...]:
    return (
        Field("number", "Phone number", parsing.msisdn),
        Field("name", "Name", optional=True, hint="Leave it empty for a number that is known."),
        Field("surname", "Surname", optional=True),
        Field("village", "Village", kind="select", options=of_catalogue("villages"), optional=True),
        Field("language", "Language", kind="select", options=languages, optional=True),
        Field(
            "serial",
            "Serial number",
            parsing.serial,
            optional=True,
            hint="Of a device in stock.",
            heading="The device",
        ),
        Field(
            "tariff",
            "Tariff",
            kind="select",
            options=of_catalogue("tariffs"),
            optional=True,
            hint="For a meter, unless one is set on it.",
        ),
        *plan_fields(),
    )


def _register(unit: Unit, operator: str, values: Values) -> Done:
    person = NewCustomer(
        values["number"],
        values["name"] or "",
        values["surname"] or "",
        values["village"] or "",
        values["language"],
    )
    customer_id = register_by_operator(unit, operator, person, _device(unit, values))
    message = "Registered. The customer is told by text." if values["serial"] else "Registered."
    return Done(message, "customers.customer", {"customer_id": customer_id}, ("texts",))


def _device(unit: Unit, values: Values) -> MeterHandover | SaleHandover | None:
    serial = values["serial"]
    if serial is None:
        return None
    known = devices_by_serial(unit.connection, [serial]).get(serial)
    if known is None or known.kind == "meter":
        return MeterHandover(serial, values["tariff"])
    plan = None if values["appliance"] else find_plan_set_on(unit, serial)
    return SaleHandover(serial, plan or read_terms(unit, values))


def _rehearsed(unit: Unit, done: Done) -> list[str]:
    """What registering would make: who it is, what they have, the plan, and what money gives."""
    customer_id = done.ids["customer_id"]
    person = find_customer_details(unit.connection, customer_id)
    if person is None:
        return []
    devices = ", ".join(one.serial for one in devices_of_customer(unit.connection, customer_id))
    return [
        f"{person.name} {person.surname}, {', '.join(person.numbers)}, {person.village_name or ''}",
        f"Devices: {devices or 'none'}",
        *latest_plan_lines(unit, customer_id),
        *lines_for(unit, customer_id),
    ]


form_page(
    blueprint,
    "/customers/new",
    "register",
    "register_customer",
    Form(
        "Register a customer",
        _register_fields,
        _register,
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
            "appliance_unknown": "appliance",
            "tariff_needed": "tariff",
            "service_price": "scheme",
            "plan_count": "count",
            "plan_instalment_small": "instalment",
            "plan_instalment_large": "instalment",
            "plan_down_payment": "down_payment",
        },
        preview=_rehearsed,
    ),
)


def _summary(unit: Unit, customer_id: int) -> list[tuple[str, str]]:
    person = find_customer_details(unit.connection, customer_id) or abort(404)
    return [
        ("Customer", f"{person.name} {person.surname}".strip()),
        ("Numbers", ", ".join(person.numbers)),
        ("Credit", money(person.credit_minor, unit.market)),
    ]


def _edit_fields(unit: Unit, customer_id: int) -> tuple[Field, ...]:
    person = find_customer_details(unit.connection, customer_id) or abort(404)
    return (
        Field("name", "Name", value=person.name),
        Field("surname", "Surname", optional=True, value=person.surname),
        Field(
            "village",
            "Village",
            kind="select",
            options=of_catalogue("villages"),
            optional=True,
            value=person.village or "",
        ),
        Field("language", "Language", kind="select", options=languages, value=person.language),
    )


def _edit(unit: Unit, operator: str, values: Values, customer_id: int) -> Done:
    edit_customer(
        unit,
        customer_id,
        values["name"],
        values["surname"] or "",
        values["village"] or "",
        values["language"],
        operator,
    )
    return Done("Saved.", "customers.customer", {"customer_id": customer_id})


form_page(
    blueprint,
    "/customers/<int:customer_id>/edit",
    "edit",
    "edit_customer",
    Form(
        "Edit a customer",
        _edit_fields,
        _edit,
        errors_at={"name_missing": "name", "village_unknown": "village"},
        summary=_summary,
    ),
)


def _add_number(unit: Unit, operator: str, values: Values, customer_id: int) -> Done:
    add_number(unit, customer_id, values["number"], operator)
    return Done("The number was added.", "customers.customer", {"customer_id": customer_id})


form_page(
    blueprint,
    "/customers/<int:customer_id>/number",
    "number",
    "edit_customer",
    Form(
        "Add a number",
        lambda unit, customer_id: (
            Field(
                "number",
                "A further number",
                parsing.msisdn,
                hint="Texts go to the first one; the menu knows them all.",
            ),
        ),
        _add_number,
        button="Add",
        errors_at={"number_taken": "number"},
        summary=_summary,
    ),
)


def _one_of_theirs(unit: Unit, customer_id: int) -> tuple[Field, ...]:
    person = find_customer_details(unit.connection, customer_id) or abort(404)
    theirs = [(number, number) for number in person.numbers]
    return (Field("number", "Which number", kind="select", options=lambda unit: theirs),)


def _remove_number(unit: Unit, operator: str, values: Values, customer_id: int) -> Done:
    remove_number(unit, customer_id, values["number"], operator, values["reason"])
    message = "The number was removed. What was sent to it stays in the history."
    return Done(message, "customers.customer", {"customer_id": customer_id})


action_page(
    blueprint,
    "/customers/<int:customer_id>/number/remove",
    "remove_number",
    "edit_customer",
    Form(
        "Remove a number",
        _one_of_theirs,
        _remove_number,
        button="Remove",
        errors_at={"number_last": "number", "number_not_theirs": "number"},
        summary=_summary,
    ),
)


def _first_number(unit: Unit, operator: str, values: Values, customer_id: int) -> Done:
    put_number_first(unit, customer_id, values["number"], operator, values["reason"])
    message = f"Texts go to {values['number']} now."
    return Done(message, "customers.customer", {"customer_id": customer_id})


action_page(
    blueprint,
    "/customers/<int:customer_id>/number/first",
    "first_number",
    "edit_customer",
    Form(
        "Which number texts go to",
        _one_of_theirs,
        _first_number,
        button="Send texts there",
        errors_at={"number_not_theirs": "number"},
        summary=_summary,
    ),
)

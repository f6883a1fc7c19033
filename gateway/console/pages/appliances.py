"""Appliances and their prices: listed, added and edited. Existing sales keep their price."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort

from core.appliance import Appliance
from core.db.console.catalogue import APPLIANCES, find_appliance
from core.money import major
from core.unit import Unit
from core.usecases.catalogue.change import add_to_catalogue, change_catalogue
from gateway.console import parsing
from gateway.console.formatting import COUNT, LABEL, MONEY, MONOSPACE, label
from gateway.console.forms import Done, Field, Form, Values, action_page
from gateway.console.listing import Column, Listing, list_page
from gateway.console.pages.shared_fields import code_field

blueprint = Blueprint("appliances", __name__)

_ERRORS_AT = {"code_taken": "code", "catalogue_contradicts": ""}

list_page(
    blueprint,
    "/appliances/",
    "appliances",
    Listing(
        "Appliances",
        APPLIANCES,
        columns=(
            Column("Code", "code", MONOSPACE, "appliances.edit", "appliance_id"),
            Column("Name", "name"),
            Column("Kind", "kind", LABEL),
            Column("Price", "price_minor", MONEY),
            Column("Price of a day", "price_per_day_minor", MONEY),
            Column("Initial days", "initial_days", COUNT),
            Column("Sold", "sold", COUNT),
        ),
        buttons=(("Add an appliance", "appliances.add"),),
    ),
)


def _appliance_kinds(unit: Unit) -> list[tuple[str, str]]:
    return [(kind, label(kind)) for kind in ("meter", "shs", "e_bike", "other")]


def _appliance_fields(unit: Unit, found: Any = None) -> tuple[Field, ...]:
    def start(name: str) -> str:
        minor = getattr(found, name, None)
        return major(minor, unit.market.currency) if minor else ""

    return (
        Field("name", "Name", parsing.name, value=found.name if found else ""),
        Field(
            "kind", "Kind", kind="select", options=_appliance_kinds,
            value=found.kind if found else "",
            hint="Other: an appliance without a serial number.",
        ),
        Field(
            "price", "Price on a plan", parsing.amount_minor, optional=True,
            value=start("price_minor"),
            hint="Empty if it is only sold by the day.",
        ),
        Field(
            "initial_days", "Initial days (for the down payment)", parsing.days, optional=True,
            value=str(found.initial_days or "") if found else "",
        ),
        Field(
            "per_day", "Price of a day", parsing.positive_amount_minor, optional=True,
            value=start("price_per_day_minor"), hint="Only if it is also sold by the day.",
        ),
        Field(
            "minimum", "Minimum payment", parsing.amount_minor, optional=True,
            value=start("minimum_payment_minor"),
        ),
    )  # fmt: skip


def _read_appliance(code: str, values: Values) -> Appliance:
    return Appliance(
        code=code,
        name=values["name"],
        kind=values["kind"],
        price_minor=values["price"] or 0,
        initial_days=values["initial_days"] or 0,
        price_per_day_minor=values["per_day"],
        minimum_payment_minor=values["minimum"] or 0,
    )


def _add_appliance(unit: Unit, operator: str, values: Values) -> Done:
    add_to_catalogue(unit, _read_appliance(values["code"], values), operator, values["reason"])
    return Done("The appliance was added.", "appliances.appliances")


action_page(
    blueprint,
    "/appliances/new",
    "add",
    "catalogue",
    Form(
        "Add an appliance",
        lambda unit: (
            code_field(),
            *_appliance_fields(unit),
        ),
        _add_appliance,
        button="Add",
        errors_at=_ERRORS_AT,
    ),
)


def _get_appliance(unit: Unit, appliance_id: int) -> Appliance:
    return find_appliance(unit.connection, appliance_id) or abort(404)


def _edit_appliance(unit: Unit, operator: str, values: Values, appliance_id: int) -> Done:
    appliance = _read_appliance(_get_appliance(unit, appliance_id).code, values)
    change_catalogue(unit, appliance, operator, values["reason"])
    return Done("Saved. Existing sales keep their price.", "appliances.appliances")


action_page(
    blueprint,
    "/appliances/<int:appliance_id>",
    "edit",
    "catalogue",
    Form(
        "Edit an appliance",
        lambda unit, appliance_id: _appliance_fields(unit, _get_appliance(unit, appliance_id)),
        _edit_appliance,
        errors_at=_ERRORS_AT,
        summary=lambda unit, appliance_id: [("Code", _get_appliance(unit, appliance_id).code)],
    ),
)

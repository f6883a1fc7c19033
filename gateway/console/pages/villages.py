"""Villages of customers: listed, added and renamed. Their codes never change."""

from __future__ import annotations

from flask import Blueprint, abort

from core.catalogue import Village
from core.db.console.catalogue import VILLAGES, find_village
from core.unit import Unit
from core.usecases.catalogue.change import add_to_catalogue, change_catalogue
from gateway.console import parsing
from gateway.console.formatting import COUNT, MONOSPACE
from gateway.console.forms import Done, Field, Form, Values, action_page
from gateway.console.listing import Column, Listing, list_page
from gateway.console.pages.shared_fields import code_field

blueprint = Blueprint("villages", __name__)

list_page(
    blueprint,
    "/villages/",
    "villages",
    Listing(
        "Villages",
        VILLAGES,
        columns=(
            Column("Code", "code", MONOSPACE, "villages.edit", "village_id"),
            Column("Name", "name"),
            Column("Customers", "customers", COUNT),
        ),
        buttons=(("Add a village", "villages.add"),),
    ),
)


def _add_village(unit: Unit, operator: str, values: Values) -> Done:
    village = Village(values["code"], values["name"])
    add_to_catalogue(unit, village, operator, values["reason"])
    return Done("The village was added.", "villages.villages")


action_page(
    blueprint,
    "/villages/new",
    "add",
    "catalogue",
    Form(
        "Add a village",
        lambda unit: (
            code_field(),
            Field("name", "Name", parsing.name),
        ),
        _add_village,
        button="Add",
        errors_at={"code_taken": "code"},
    ),
)


def _get_village(unit: Unit, village_id: int) -> Village:
    return find_village(unit.connection, village_id) or abort(404)


def _rename_village(unit: Unit, operator: str, values: Values, village_id: int) -> Done:
    village = Village(_get_village(unit, village_id).code, values["name"])
    change_catalogue(unit, village, operator, values["reason"])
    return Done("Saved.", "villages.villages")


action_page(
    blueprint,
    "/villages/<int:village_id>",
    "edit",
    "catalogue",
    Form(
        "Rename a village",
        lambda unit, village_id: (
            Field("name", "Name", parsing.name, value=_get_village(unit, village_id).name),
        ),
        _rename_village,
        summary=lambda unit, village_id: [("Code", _get_village(unit, village_id).code)],
    ),
)

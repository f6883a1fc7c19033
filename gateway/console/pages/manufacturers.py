"""Manufacturers: the token family of their devices and the STS data of their new meters."""

from __future__ import annotations

from flask import Blueprint, abort

from core.catalogue import Manufacturer, parse_account
from core.db.console.catalogue import MANUFACTURERS, find_manufacturer
from core.tokens.family import FAMILIES
from core.tokens.sts_keys import StsMeter
from core.tokens.typed import written
from core.unit import Unit
from core.usecases.catalogue.change import add_to_catalogue, change_catalogue
from core.vend import DEFAULT_ACCOUNT, VENDORS
from gateway.console import parsing
from gateway.console.formatting import COUNT, MONOSPACE, label
from gateway.console.forms import Done, Field, Form, Values, action_page
from gateway.console.listing import Column, Listing, list_page
from gateway.console.pages.shared_fields import code_field

blueprint = Blueprint("manufacturers", __name__)

_KINDS = ("meter", "shs", "e_bike")
_KINDS_HINT = f"One or more of {', '.join(_KINDS)}."
_ERRORS_AT = {"code_taken": "code", "catalogue_contradicts": "token"}

list_page(
    blueprint,
    "/manufacturers/",
    "manufacturers",
    Listing(
        "Manufacturers",
        MANUFACTURERS,
        columns=(
            Column("Code", "code", MONOSPACE, "manufacturers.edit", "manufacturer_id"),
            Column("Name", "name"),
            Column("Device kinds", "kinds", MONOSPACE),
            Column("Token family", "token_family", MONOSPACE),
            Column("Devices", "devices", COUNT),
        ),
        buttons=(("Add a manufacturer", "manufacturers.add"),),
    ),
)


def _parse_kinds(unit: Unit, typed: str) -> tuple[str, ...]:
    given = tuple(dict.fromkeys(typed.replace(",", " ").lower().split()))
    if not given or set(given) - set(_KINDS):
        raise ValueError(f"choose from {', '.join(_KINDS)}, separated by spaces")
    return given


def _token_families(unit: Unit) -> list[tuple[str, str]]:
    return [(family, label(family)) for family in (*FAMILIES, *VENDORS, "none")]


def _parse_account(unit: Unit, typed: str) -> str:
    return parse_account(typed)


def _manufacturer_fields(
    name: str = "", kinds: str = "", family: str = "", sts: str = "", account: str = ""
) -> tuple[Field, ...]:
    return (
        Field("name", "Name", parsing.name, value=name),
        Field("kinds", "Device kinds", _parse_kinds, hint=_KINDS_HINT, value=kinds),
        Field("token", "Token family", kind="select", options=_token_families, value=family),
        Field(
            "sts", "STS data of new meters", parsing.new_meter_sts, optional=True, value=sts,
            hint="Like ea=11;dkga=04;sgc=123456;krn=1;ti=01;kt=2. With it, a new meter needs only"
            " its number.",
        ),
        Field(
            "account", "Account with the vendor", _parse_account, optional=True, value=account,
            hint="Where a vendor's server makes the codes and we have several accounts there; main"
            " where it is left empty.",
        ),
    )  # fmt: skip


def _read_manufacturer(code: str, values: Values) -> Manufacturer:
    sts = values["sts"]
    return Manufacturer(
        code,
        values["name"],
        values["kinds"],
        values["token"],
        sts.stored() if sts else None,
        values["account"] or DEFAULT_ACCOUNT,
    )


def _add_manufacturer(unit: Unit, operator: str, values: Values) -> Done:
    manufacturer = _read_manufacturer(values["code"], values)
    add_to_catalogue(unit, manufacturer, operator, values["reason"])
    return Done("The manufacturer was added.", "manufacturers.manufacturers")


action_page(
    blueprint,
    "/manufacturers/new",
    "add",
    "catalogue",
    Form(
        "Add a manufacturer",
        lambda unit: (code_field(), *_manufacturer_fields()),
        _add_manufacturer,
        button="Add",
        errors_at=_ERRORS_AT,
    ),
)


def _get_manufacturer(unit: Unit, manufacturer_id: int) -> Manufacturer:
    return find_manufacturer(unit.connection, manufacturer_id) or abort(404)


def _edit_fields(unit: Unit, manufacturer_id: int) -> tuple[Field, ...]:
    found = _get_manufacturer(unit, manufacturer_id)
    sts = written(StsMeter(**found.sts)) if found.sts else ""
    account = "" if found.account == DEFAULT_ACCOUNT else found.account
    return _manufacturer_fields(found.name, " ".join(found.kinds), found.token_family, sts, account)


def _edit_manufacturer(unit: Unit, operator: str, values: Values, manufacturer_id: int) -> Done:
    manufacturer = _read_manufacturer(_get_manufacturer(unit, manufacturer_id).code, values)
    change_catalogue(unit, manufacturer, operator, values["reason"])
    return Done("Saved.", "manufacturers.manufacturers")


action_page(
    blueprint,
    "/manufacturers/<int:manufacturer_id>",
    "edit",
    "catalogue",
    Form(
        "Edit a manufacturer",
        _edit_fields,
        _edit_manufacturer,
        errors_at=_ERRORS_AT,
        summary=lambda unit, manufacturer_id: [
            ("Code", _get_manufacturer(unit, manufacturer_id).code)
        ],
    ),
)

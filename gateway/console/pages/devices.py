"""Devices: the list, one page each; entered into stock, transferred, replaced, given a plan."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from core.db.console.audit import audit_of
from core.db.console.devices import (
    DEVICES,
    DeviceDetails,
    find_device_details,
    hands_of_device,
    payments_of_device,
    sales_of_device,
)
from core.db.console.tokens import tokens_of_device
from core.tokens.family import can
from core.unit import Unit
from core.usecases.devices.code_windows import describe_window, find_wide_windows
from core.usecases.devices.product import set_product
from core.usecases.devices.replace_device import Replacement, replace_device
from core.usecases.devices.transfer_meter import transfer_meter_by_operator
from core.usecases.sales.allowed_plans import remove_plan_from, set_plan_on
from gateway.console import parsing
from gateway.console.acts import Act
from gateway.console.auth import page
from gateway.console.console_context import console
from gateway.console.formatting import DAY, LABEL, MONOSPACE, STATE, TEXT, label
from gateway.console.forms import Done, Field, Form, Values, action_page, no_fields
from gateway.console.listing import (
    Column,
    Listing,
    choice_filter,
    condition_filter,
    list_page,
    serial_filter,
)
from gateway.console.pages.shared_fields import (
    catalogue_options,
    device_kinds,
    plan_field,
    products_of,
    products_of_all,
)

blueprint = Blueprint("devices", __name__)

_SHOWN = 50
_PLACES = (
    ("in_stock", "in stock"),
    ("owned", "owned by a customer"),
    ("retired", "retired"),
)


def _product_options(unit: Unit) -> Sequence[tuple[str, str]]:
    """Return the products as options, after that of a device whose product is not known."""
    return [("-", "not known"), *products_of_all(unit)]


list_page(
    blueprint,
    "/devices/",
    "devices",
    Listing(
        "Devices",
        DEVICES,
        columns=(
            Column("Serial number", "serial", MONOSPACE, "devices.device", "device_id"),
            Column("Kind", "kind", LABEL),
            Column("Manufacturer", "manufacturer"),
            Column("Product", "product"),
            Column("Tariff", "tariff"),
            Column("Preset plan", "plan"),
            Column("State", "place", STATE),
            Column("Owner", "owner", TEXT, "customers.customer", "customer_id", "owner_id"),
            Column("Since", "assigned_on", DAY),
        ),
        filters=(
            serial_filter(),
            choice_filter("kind", "Kind", device_kinds),
            choice_filter("manufacturer", "Manufacturer", catalogue_options("manufacturers")),
            choice_filter("product", "Product", _product_options),
            choice_filter("tariff", "Tariff", catalogue_options("tariffs")),
            condition_filter("place", "State", _PLACES),
        ),
        buttons=(("Enter a device", "device_entry.enter"),),
    ),
)  # fmt: skip


@page(blueprint, "/devices/<int:device_id>", "view")
def device(device_id: int) -> ResponseReturnValue:
    """Show a device: its owner, sales, tokens and payments."""
    with console().read_only_unit() as unit:
        connection = unit.connection
        found = _get_device(unit, device_id)
        return render_template(
            "device.html",
            unit=unit,
            device=found,
            is_timed=can(found.token_family, "set_days"),
            window=_window_hint(unit, device_id),
            sales=sales_of_device(connection, device_id),
            tokens=tokens_of_device(connection, device_id, _SHOWN),
            payments=payments_of_device(connection, device_id, _SHOWN),
            hands=hands_of_device(connection, device_id),
            audit=audit_of(connection, "device", device_id),
        )


def _window_hint(unit: Unit, device_id: int) -> str:
    """What to ask the owner of a device that has used half of the window of its codes."""
    found = find_wide_windows(unit, device_id)
    return f"{describe_window(found[0])}: were its codes typed?" if found else ""


def _get_device(unit: Unit, device_id: int) -> DeviceDetails:
    return find_device_details(unit.connection, device_id) or abort(404)


def _device_summary(unit: Unit, device_id: int) -> list[tuple[str, str]]:
    found = _get_device(unit, device_id)
    return [
        ("Product", found.product or "not known"),
        ("Device", f"{found.serial}, {label(found.kind)}"),
        ("Manufacturer", found.manufacturer),
        ("Owner", found.owner or f"none ({label(found.place)})"),
        ("Preset plan", found.plan or ""),
    ]


def _product_fields(unit: Unit, device_id: int) -> tuple[Field, ...]:
    found = _get_device(unit, device_id)
    return (
        Field(
            "product", "Product", kind="select", options=products_of(found.kind), optional=True,
            value=found.product_code or "",
            hint="The appliance that the device is. It is sold on that one's plans and price only."
            " Empty: not known, so that it can be sold as any of its kind.",
        ),
    )  # fmt: skip


def _set_product(unit: Unit, operator: str, values: Values, device_id: int) -> Done:
    serial = _get_device(unit, device_id).serial
    set_product(unit, serial, values["product"], operator, values["reason"])
    return Done("The product is set.", "devices.device", {"device_id": device_id})


action_page(
    blueprint,
    "/devices/<int:device_id>/product",
    "set_product",
    "stock",
    Form(
        "Set the product of a device",
        _product_fields,
        _set_product,
        errors_at=dict.fromkeys(
            (
                "product_same",
                "product_of_other_kind",
                "product_of_other_plan",
                "product_of_other_sale",
                "device_retired",
            ),
            "product",
        ),
        summary=_device_summary,
    ),
)


def _plan_fields(unit: Unit, device_id: int) -> tuple[Field, ...]:
    found = _get_device(unit, device_id)
    return (plan_field(found.kind, found.serial),)


def _set_plan(unit: Unit, operator: str, values: Values, device_id: int) -> Done:
    set_plan_on(
        unit, _get_device(unit, device_id).serial, values["plan"], operator, values["reason"]
    )
    message = "The plan is set. A caller can register the device without an agent."
    return Done(message, "devices.device", {"device_id": device_id})


action_page(
    blueprint,
    "/devices/<int:device_id>/plan",
    "set_plan",
    "stock",
    Form(
        "Preset the plan of a device in stock",
        _plan_fields,
        _set_plan,
        errors_at={"plan_not_allowed": "plan", "kind_differs": "plan", "product_differs": "plan"},
        summary=_device_summary,
    ),
)


def _remove_plan(unit: Unit, operator: str, values: Values, device_id: int) -> Done:
    remove_plan_from(unit, _get_device(unit, device_id).serial, operator, values["reason"])
    message = "The plan is removed. An operator or an agent has to register the device."
    return Done(message, "devices.device", {"device_id": device_id})


action_page(
    blueprint,
    "/devices/<int:device_id>/plan/remove",
    "remove_plan",
    "stock",
    Form(
        "Remove the preset plan",
        no_fields,
        _remove_plan,
        button="Remove it",
        summary=_device_summary,
    ),
)


def _transfer_meter(unit: Unit, operator: str, values: Values, device_id: int) -> Done:
    serial = _get_device(unit, device_id).serial
    transfer_meter_by_operator(unit, serial, values["number"], operator, values["reason"])
    message = "The meter has a new owner. Both customers get an SMS."
    return Done(message, "devices.device", {"device_id": device_id})


def _preview_transfer(unit: Unit, done: Done) -> list[str]:
    """Return which device goes to whom."""
    found = _get_device(unit, done.ids["device_id"])
    goods = f"{found.product or label(found.kind)}, {found.serial}, for {found.owner}"
    return [goods, "Debts stay with the old owner."]


action_page(
    blueprint,
    "/devices/<int:device_id>/transfer",
    "transfer",
    "transfer_meter",
    Form(
        "Transfer a meter to another customer",
        lambda unit, device_id: (
            Field(
                "number",
                "Phone number of the new owner",
                parsing.msisdn,
                hint="The new owner is a customer already. Debts stay with the old owner.",
            ),
        ),
        _transfer_meter,
        button="Transfer it",
        errors_at={"customer_unknown": "number", "device_theirs": "number"},
        summary=_device_summary,
        preview=_preview_transfer,
    ),
)


def _replace_device(unit: Unit, operator: str, values: Values, device_id: int) -> Done:
    old = _get_device(unit, device_id)
    replaced = replace_device(unit, device_id, values["serial"], operator, values["reason"])
    token = _ordered_token(replaced, old.kind)
    message = f"{values['serial']} replaces {old.serial}. {token}"
    return Done(message, "devices.device", {"device_id": replaced.device_id})


def _preview_replacement(unit: Unit, done: Done) -> list[str]:
    """Return which device the customer has then, and which token is ordered."""
    found = _get_device(unit, done.ids["device_id"])
    goods = f"{found.product or label(found.kind)}, {found.serial}, for {found.owner}"
    return [goods, done.message]


def _ordered_token(replaced: Replacement, kind: str) -> str:
    if replaced.is_unlocked:
        return "A token that unlocks it is ordered."
    if replaced.days:
        return f"A token for the {replaced.days} remaining days is ordered."
    if kind == "meter":
        return "Only the old meter knows how much energy is left: order a manual token for it."
    return "No days were left."


action_page(
    blueprint,
    "/devices/<int:device_id>/replace",
    "replace",
    "replace_device",
    Form(
        "Replace a broken device",
        lambda unit, device_id: (
            Field(
                "serial", "Serial number of the new device", parsing.serial,
                hint="Of a device in stock. It gets the owner, tariff and plan of the broken one,"
                " which is retired.",
            ),
        ),
        _replace_device,
        button="Replace it",
        errors_at=dict.fromkeys(
            (
                "not_in_stock",
                "device_taken",
                "device_retired",
                "kind_differs",
                "product_differs",
                "product_of_other_plan",
                "token_not_supported",
            ),
            "serial",
        ),
        summary=_device_summary,
        preview=_preview_replacement,
        act=Act("replace_device"),
    ),
)  # fmt: skip

"""Devices: in stock or in somebody's hands, the history of one, and what is done about one."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from core.db.console.audit import audit_of
from core.db.console.devices import (
    DEVICES,
    DeviceDetails,
    find_device_details,
    payments_of_device,
    plans_for_kind,
    sales_of_device,
    tokens_of_device,
)
from core.tokens.openpaygo import MAX_COUNT
from core.unit import Unit
from core.usecases.devices.register_devices import DeviceEntry, enter_device
from core.usecases.devices.replace_device import Swapped, replace_device
from core.usecases.devices.transfer_meter import transfer_meter_by_operator
from core.usecases.sales.allowed_plans import set_plan_on, take_plan_off
from gateway.console import parsing
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
from gateway.console.pages.shared_fields import device_kinds, of_catalogue, plan_choice

blueprint = Blueprint("devices", __name__)

_SHOWN = 50
_PLACES = (
    ("in_stock", "in stock"),
    ("owned", "in somebody's hands"),
    ("retired", "out of use"),
)


list_page(
    blueprint,
    "/devices/",
    "devices",
    Listing(
        "Devices",
        DEVICES,
        columns=(
            Column("Serial", "serial", MONOSPACE, "devices.device", "device_id"),
            Column("Kind", "kind", LABEL),
            Column("Manufacturer", "manufacturer"),
            Column("Tariff", "tariff"),
            Column("Plan set", "plan"),
            Column("Where", "place", STATE),
            Column("Owner", "owner", TEXT, "customers.customer", "customer_id", "owner_id"),
            Column("Since", "assigned_on", DAY),
        ),
        filters=(
            serial_filter(),
            choice_filter("kind", "Kind", device_kinds),
            choice_filter("manufacturer", "Manufacturer", of_catalogue("manufacturers")),
            choice_filter("tariff", "Tariff", of_catalogue("tariffs")),
            condition_filter("place", "Where", _PLACES),
        ),
        buttons=(("Enter a device", "devices.enter"),),
    ),
)  # fmt: skip


@page(blueprint, "/devices/<int:device_id>", "view")
def device(device_id: int) -> ResponseReturnValue:
    """One device: whose it is, and what happened with it."""
    with console().read_only_unit() as unit:
        connection = unit.connection
        return render_template(
            "device.html",
            unit=unit,
            one=_find(unit, device_id),
            sales=sales_of_device(connection, device_id),
            tokens=tokens_of_device(connection, device_id, _SHOWN),
            payments=payments_of_device(connection, device_id, _SHOWN),
            audit=audit_of(connection, "device", device_id),
        )


def _find(unit: Unit, device_id: int) -> DeviceDetails:
    return find_device_details(unit.connection, device_id) or abort(404)


def _summary(unit: Unit, device_id: int) -> list[tuple[str, str]]:
    one = _find(unit, device_id)
    return [
        ("Device", f"{one.serial}, {label(one.kind)}"),
        ("Manufacturer", one.manufacturer),
        ("Owner", one.owner or f"nobody: {label(one.place)}"),
        ("Plan set", one.plan or ""),
    ]


def _count(unit: Unit, typed: str) -> int:
    count = parsing.whole_number(unit, typed)
    if count > MAX_COUNT:
        raise ValueError(f"at most {MAX_COUNT}")
    return count


def _enter(unit: Unit, operator: str, values: Values) -> Done:
    entry = DeviceEntry(
        values["serial"],
        values["kind"],
        values["maker"],
        tariff=values["tariff"],
        plan=values["plan"],
        secret_key=values["secret_key"],
        starting_code=values["starting_code"],
        count=values["count"],
        sts=values["sts"],
    )
    device_id = enter_device(unit, entry, operator, values["reason"], console().letterbox)
    return Done("It is in stock.", "devices.device", {"device_id": device_id})


action_page(
    blueprint,
    "/devices/new",
    "enter",
    "stock",
    Form(
        "Enter a device into stock",
        lambda unit: (
            Field("serial", "Serial number", parsing.serial),
            Field("kind", "Kind", kind="select", options=device_kinds),
            Field(
                "maker", "Manufacturer", kind="select", options=of_catalogue("manufacturers"),
            ),
            Field(
                "tariff", "Tariff", kind="select", options=of_catalogue("tariffs"), optional=True,
                hint="With one, whoever gets the meter may register it alone.",
            ),
            Field(
                "plan", "Plan", kind="select", optional=True,
                options=lambda unit: plans_for_kind(unit.connection),
                hint="The same for a kit or an e-bike.",
            ),
            Field(
                "secret_key", "Key of its own", parsing.secret_key, "secret", optional=True,
                heading="What its codes are made from",
                hint="32 hexadecimal digits, from its maker. No page shows it again.",
            ),
            Field(
                "starting_code", "Starting code", parsing.whole_number, optional=True,
                hint="Of an OpenPAYGO device, where its maker gives one.",
            ),
            Field(
                "count", "Last counter used", _count, optional=True,
                hint="Of a device that has had codes before it came here.",
            ),
            Field(
                "sts", "STS data", parsing.sts_data, optional=True,
                hint="Of an STS meter unlike its maker's new ones: ea=11;dkga=04;sgc=123456;krn=1;"
                "ti=01;kt=2",
            ),
        ),
        _enter,
        button="Enter it",
        errors_at={
            "device_known": "serial",
            "meter_number": "serial",
            "kind_not_made": "kind",
            "family_not_served": "maker",
            "manufacturer_unknown": "maker",
            "meter_not_vendable": "sts",
            "secret_key_needed": "secret_key",
            "secret_key_misplaced": "secret_key",
            "letterbox_missing": "secret_key",
            "starting_code_misplaced": "starting_code",
            "sts_needed": "sts",
            "sts_misplaced": "sts",
            "tariff_misplaced": "tariff",
            "plan_misplaced": "plan",
            "plan_of_other_kind": "plan",
        },
    ),
)  # fmt: skip


def _set_plan(unit: Unit, operator: str, values: Values, device_id: int) -> Done:
    set_plan_on(unit, _find(unit, device_id).serial, values["plan"], operator, values["reason"])
    message = "The plan is set: whoever gets it may register it alone."
    return Done(message, "devices.device", {"device_id": device_id})


action_page(
    blueprint,
    "/devices/<int:device_id>/plan",
    "plan",
    "stock",
    Form(
        "Set the plan of a device in stock",
        lambda unit, device_id: (plan_choice(_find(unit, device_id).kind),),
        _set_plan,
        errors_at={"plan_not_allowed": "plan", "kind_differs": "plan"},
        summary=_summary,
    ),
)


def _plan_off(unit: Unit, operator: str, values: Values, device_id: int) -> Done:
    take_plan_off(unit, _find(unit, device_id).serial, operator, values["reason"])
    message = "The plan is off it: who gets it is registered at the desk or by an agent."
    return Done(message, "devices.device", {"device_id": device_id})


action_page(
    blueprint,
    "/devices/<int:device_id>/plan/off",
    "plan_off",
    "stock",
    Form(
        "Take the plan off a device", no_fields, _plan_off, button="Take it off", summary=_summary
    ),
)


def _move(unit: Unit, operator: str, values: Values, device_id: int) -> Done:
    serial = _find(unit, device_id).serial
    transfer_meter_by_operator(unit, serial, values["number"], operator, values["reason"])
    message = "The meter has its new owner; both are told by text."
    return Done(message, "devices.device", {"device_id": device_id}, ("texts",))


action_page(
    blueprint,
    "/devices/<int:device_id>/move",
    "move",
    "transfer_meter",
    Form(
        "Give a meter to another customer",
        lambda unit, device_id: (
            Field(
                "number",
                "Number of the new owner",
                parsing.msisdn,
                hint="A customer. Debts stay with the old owner.",
            ),
        ),
        _move,
        button="Give it",
        errors_at={"customer_unknown": "number", "device_theirs": "number"},
        summary=_summary,
    ),
)


def _swap(unit: Unit, operator: str, values: Values, device_id: int) -> Done:
    old = _find(unit, device_id)
    swapped = replace_device(unit, device_id, values["serial"], operator, values["reason"])
    message = f"{values['serial']} took the place of {old.serial}. {_ordered(swapped, old.kind)}"
    return Done(message, "devices.device", {"device_id": swapped.device_id}, ("payments", "texts"))


def _ordered(swapped: Swapped, kind: str) -> str:
    if swapped.is_unlocked:
        return "The code that unlocks it is ordered."
    if swapped.days:
        return f"A code for the {swapped.days} days that were left is ordered."
    if kind == "meter":
        return "What the old meter has left stands in it alone: order a code for it by hand."
    return "No days were left."


action_page(
    blueprint,
    "/devices/<int:device_id>/swap",
    "swap",
    "replace_device",
    Form(
        "Swap a broken device",
        lambda unit, device_id: (
            Field(
                "serial", "Serial number of the new one", parsing.serial,
                hint="Of a device in stock. Owner, tariff and plan move to it; the broken one is"
                " out of use for good.",
            ),
        ),
        _swap,
        button="Swap",
        errors_at=dict.fromkeys(
            ("not_in_stock", "device_taken", "device_retired", "kind_differs", "code_not_made"),
            "serial",
        ),
        summary=_summary,
        preview=lambda unit, done: [done.message],
    ),
)  # fmt: skip

"""A device is entered into stock by hand."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint

from core.db.console.devices import plans_for_kind
from core.device import KEYPAD_DIGITS
from core.tokens.openpaygo import MAX_COUNT
from core.tokens.typed import typed_code
from core.unit import Unit
from core.usecases.devices.enter_device import enter_device
from core.usecases.devices.register_devices import DeviceEntry
from core.usecases.devices.vendor import list_unserved
from gateway.console import parsing
from gateway.console.console_context import console
from gateway.console.formatting import label
from gateway.console.forms import Done, Field, Form, Values, action_page
from gateway.console.pages.shared_fields import (
    catalogue_options,
    device_kinds,
    products_of_all,
)

blueprint = Blueprint("device_entry", __name__)


def _manufacturer_options(unit: Unit) -> Sequence[tuple[str, str]]:
    """Return the manufacturers as options; of one whose vendor is not set up what is missing."""
    unserved = list_unserved(unit.connection)
    return [
        (code, f"{name} ({unserved[code]})" if code in unserved else name)
        for code, name in catalogue_options("manufacturers")(unit)
    ]


def _parse_counter(unit: Unit, typed: str) -> int:
    count = parsing.whole_number(unit, typed)
    if count > MAX_COUNT:
        raise ValueError(f"at most {MAX_COUNT}")
    return count


def _parse_divider(unit: Unit, typed: str) -> int:
    divider = parsing.whole_number(unit, typed)
    if not 1 <= divider <= 255:
        raise ValueError("1 to 255")
    return divider


def _parse_code(unit: Unit, typed: str) -> str:
    return typed_code(typed)


def _enter_device(unit: Unit, operator: str, values: Values) -> Done:
    entry = DeviceEntry(
        values["serial"],
        values["kind"],
        values["manufacturer"],
        tariff=values["tariff"],
        plan=values["plan"],
        product=values["product"],
        secret_key=values["secret_key"],
        starting_code=values["starting_code"],
        count=values["count"],
        sts=values["sts"],
        divider=values["divider"],
        digits=values["digits"],
        model=values["model"],
        test_code=values["test_code"],
    )
    device_id = enter_device(unit, entry, operator, values["reason"], console().sealing_key)
    return Done("The device is in stock.", "devices.device", {"device_id": device_id})


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
                "manufacturer", "Manufacturer", kind="select",
                options=_manufacturer_options,
            ),
            Field(
                "tariff", "Tariff", kind="select", options=catalogue_options("tariffs"),
                optional=True,
                hint="With a preset tariff, a caller can register the meter without an agent.",
            ),
            Field(
                "plan", "Plan", kind="select", optional=True,
                options=lambda unit: plans_for_kind(unit.connection),
                hint="With a preset plan, a caller can register the device without an agent.",
            ),
            Field(
                "product", "Product", kind="select", optional=True,
                options=products_of_all,
                hint="The appliance that the device is. It is then sold as nothing else.",
            ),
            Field(
                "secret_key", "Device key", parsing.secret_key, "secret", optional=True,
                heading="What its tokens are made from",
                hint="32 hexadecimal digits, from the manufacturer. No page shows the key again.",
            ),
            Field(
                "starting_code", "Starting code", parsing.whole_number, optional=True,
                hint="Of an OpenPAYGO device, if the manufacturer gives one.",
            ),
            Field(
                "count", "Last counter used", _parse_counter, optional=True,
                hint="Of a device that has already received tokens elsewhere.",
            ),
            Field(
                "divider", "Units in a day", _parse_divider, optional=True,
                hint="The time divider of an OpenPAYGO device, 1 to 255. Empty for 1.",
            ),
            Field(
                "digits", "Its codes", kind="select", optional=True,
                options=lambda unit: [(each, label(each)) for each in KEYPAD_DIGITS],
                hint="Of an OpenPAYGO device: from the keys 1 to 4 (restricted), or extended.",
            ),
            Field(
                "test_code", "Test code", _parse_code, optional=True,
                hint="Of an OpenPAYGO device: a code that it must never be given.",
            ),
            Field("model", "Hardware model", optional=True),
            Field(
                "sts", "STS data", parsing.sts_data, optional=True,
                hint="If they differ from the manufacturer's: ea=11;dkga=04;sgc=123456;krn=1;ti=01;"
                "kt=2",
            ),
        ),
        _enter_device,
        button="Enter it",
        errors_at={
            "device_known": "serial",
            "meter_number": "serial",
            "kind_not_made": "kind",
            "manufacturer_unknown": "manufacturer",
            "manufacturer_unserved": "manufacturer",
            "meter_not_vendable": "sts",
            "secret_key_needed": "secret_key",
            "secret_key_misplaced": "secret_key",
            "sealing_key_missing": "secret_key",
            "starting_code_misplaced": "starting_code",
            "manufacturer_data_misplaced": "manufacturer",
            "test_code_form": "test_code",
            "no_codes": "divider",
            "sts_needed": "sts",
            "sts_misplaced": "sts",
            "tariff_misplaced": "tariff",
            "plan_misplaced": "plan",
            "plan_of_other_kind": "plan",
            "product_of_other_plan": "plan",
            "product_of_other_kind": "product",
        },
    ),
)  # fmt: skip

"""Registrations that wait: people who asked for a device in stock, and the operator's answer."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort

from core.db.console.requests import REQUESTS, DeviceRequestRow, find_request
from core.unit import Unit
from core.usecases.registration.device_requests import (
    grant_device_request,
    turn_down_device_request,
)
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
from gateway.console.pages.purchases import lines_for
from gateway.console.pages.shared_fields import (
    device_kinds,
    latest_plan_lines,
    of_catalogue,
    plan_choice,
)

blueprint = Blueprint("requests", __name__)

list_page(
    blueprint,
    "/registrations/",
    "requests",
    Listing(
        "Registrations that wait",
        REQUESTS,
        columns=(
            Column("Asked", "asked_at", INSTANT, "requests.grant", "request_id"),
            Column("Number", "msisdn"),
            Column("Who", "full_name"),
            Column("Village", "village"),
            Column("Serial", "serial", MONOSPACE, "devices.device", "device_id", "device_id"),
            Column("Kind", "kind", LABEL),
            Column("Manufacturer", "manufacturer"),
        ),
        filters=(
            msisdn_filter(),
            serial_filter(),
            choice_filter("kind", "Kind", device_kinds),
        ),
        intro="People who asked for a device in stock from their own phones, the longest waiting"
        " first. Agents see the newest of them too, for a month.",
    ),
)


def _find(unit: Unit, request_id: int) -> DeviceRequestRow:
    return find_request(unit.connection, request_id) or abort(404)


def _summary(unit: Unit, request_id: int) -> list[tuple[str, str]]:
    asked = _find(unit, request_id)
    known = "a customer" if asked.customer_id else "new"
    return [
        ("Who", f"{asked.full_name}, {asked.msisdn} ({known})"),
        ("Village", asked.village),
        ("Device", f"{asked.serial}, {label(asked.kind)}, {asked.manufacturer}"),
        ("Asked", instant(asked.asked_at, unit.market)),
    ]


def _terms(unit: Unit, request_id: int) -> Sequence[Field]:
    """What the device is given on: a tariff for a meter, a plan for anything else."""
    asked = _find(unit, request_id)
    if asked.kind == "meter":
        tariffs = of_catalogue("tariffs")
        return (
            Field("tariff", "Tariff", kind="select", options=tariffs, value=asked.tariff or ""),
        )
    return (plan_choice(asked.kind, asked.plan or ""),)


def _grant(unit: Unit, operator: str, values: Values, request_id: int) -> Done:
    customer_id = grant_device_request(
        unit, request_id, values.get("tariff"), values.get("plan"), operator, values["reason"]
    )
    message = "Registered. They are told by text, and so is whoever else had asked for it."
    return Done(message, "customers.customer", {"customer_id": customer_id}, ("texts",))


def _granted(unit: Unit, done: Done) -> list[str]:
    """The plan it would be given on, and what money gives on a meter."""
    customer_id = done.ids["customer_id"]
    return [
        "The device goes to them today.",
        *latest_plan_lines(unit, customer_id),
        *lines_for(unit, customer_id),
    ]


action_page(
    blueprint,
    "/registrations/<int:request_id>/grant",
    "grant",
    "answer_request",
    Form(
        "Let somebody have the device",
        _terms,
        _grant,
        button="Register it",
        errors_at={
            "tariff_needed": "tariff",
            "plan_needed": "plan",
            "plan_not_allowed": "plan",
            "kind_differs": "plan",
        },
        summary=_summary,
        preview=_granted,
        links=(("Say no", "requests.refuse"),),
    ),
)


def _refuse(unit: Unit, operator: str, values: Values, request_id: int) -> Done:
    turn_down_device_request(unit, request_id, operator, values["reason"])
    return Done(
        "They are told by text that they do not get it.", "requests.requests", {}, ("texts",)
    )


action_page(
    blueprint,
    "/registrations/<int:request_id>/refuse",
    "refuse",
    "answer_request",
    Form("Say no", no_fields, _refuse, button="Say no", summary=_summary),
)

"""People who ask what is known of them, or to be forgotten. For owners."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

from flask import Blueprint, Response

from core.unit import Unit
from core.usecases.people.export import export_person
from core.usecases.people.forget import order_erasure, what_would_go
from gateway.console import parsing
from gateway.console.forms import Done, Field, Form, Values, action_page

blueprint = Blueprint("people", __name__)


def _fields(unit: Unit) -> tuple[Field, ...]:
    hint = "Any number of the customer, the agent or the caller: all of their numbers count."
    return (Field("number", "Phone number", parsing.msisdn, hint=hint),)


def _order(unit: Unit, operator: str, values: Values) -> Done:
    order_erasure(unit, values["number"], operator, values["reason"])
    return Done(
        "Ordered. A worker forgets this person within a minute; the audit log says when.",
        "customers.customers",
    )


def _preview(unit: Unit, done: Done) -> Sequence[str]:
    return what_would_go(unit)


def _export(unit: Unit, operator: str, values: Values) -> Done:
    found = export_person(unit, values["number"], operator, values["reason"])
    body = json.dumps(found, ensure_ascii=False, indent=2)
    return Done("", "people.export", response=partial(_send, body))


def _send(body: str) -> Response:
    response = Response(body + "\n", content_type="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="person.json"'
    return response


action_page(
    blueprint,
    "/people/forget",
    "forget",
    "forget_person",
    Form(
        "Forget a person",
        _fields,
        _order,
        button="Forget for good",
        errors_at={"person_unknown": "number", "cannot_forget": "number"},
        preview=_preview,
    ),
)
action_page(
    blueprint,
    "/people/export",
    "export",
    "export_person",
    Form(
        "Export a person's data",
        _fields,
        _export,
        button="Export",
        errors_at={"person_unknown": "number"},
    ),
)

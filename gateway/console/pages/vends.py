"""Vends: what vendors' servers were asked for, and what only a person can decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from core.db.console.audit import audit_of
from core.db.console.tokens import tokens_of_vend
from core.db.console.vends import VENDS, VendRow, find_vend_row
from core.tokens.family import group
from core.unit import Unit
from core.usecases.vends.decide import ask_again, give_vend_back, say_credited, say_vended
from core.vend import Vend
from gateway.console.acts import Act
from gateway.console.auth import page
from gateway.console.console_context import console
from gateway.console.formatting import (
    INSTANT,
    LABEL,
    MONOSPACE,
    STATE,
    TEXT,
    instant,
    label,
    money,
    token_units,
)
from gateway.console.forms import Done, Field, Form, Values, action_page, no_fields
from gateway.console.listing import (
    Column,
    Listing,
    condition_filter,
    list_page,
    serial_filter,
    state_filter,
)

blueprint = Blueprint("vends", __name__)

list_page(
    blueprint,
    "/vends/",
    "vends",
    Listing(
        "Vends",
        VENDS,
        columns=(
            Column("Bought", "created_at", INSTANT, "vends.vend", "vend_id"),
            Column("Serial number", "serial", MONOSPACE),
            Column("Kind", "kind", LABEL),
            Column("Vendor", "vendor", MONOSPACE),
            Column("Asked", "asked_at", INSTANT),
            Column("State", "state", STATE),
            Column("Vendor's words", "words", TEXT),
            Column("Payment", "receipt", MONOSPACE, "payments.payment", "payment_id", "payment_id"),
        ),
        filters=(
            serial_filter(),
            state_filter("waiting", "asked", "unknown", "done", "refused", "withdrawn"),
            condition_filter("wait", "Waits for", [("person", "a person")]),
        ),
        intro="Codes and credit that only the vendor of a device can give. Where it is not"
        " known whether a vend was done, it is not asked for again by itself: a person decides.",
    ),
)


@page(blueprint, "/vends/<int:vend_id>", "view")
def vend(vend_id: int) -> ResponseReturnValue:
    """Show what was asked, when, what the vendor said, and what can be decided."""
    with console().read_only_unit() as unit:
        found = _get(unit, vend_id)
        return render_template(
            "vend.html",
            unit=unit,
            vend=found,
            facts=_facts(unit, found),
            tokens=tokens_of_vend(unit.connection, vend_id),
            audit=audit_of(unit.connection, "vend", vend_id),
        )


def _get(unit: Unit, vend_id: int) -> VendRow:
    return find_vend_row(unit.connection, vend_id) or abort(404)


def _facts(unit: Unit, found: VendRow) -> list[tuple[str, str]]:
    def when(at: datetime | None) -> str:
        return instant(at, unit.market) if at else ""

    return [
        ("Device", found.serial),
        ("Customer", found.customer),
        ("Gives", token_units(found.kind, found.units)),
        ("Paid for it", money(found.amount_minor, unit.market)),
        ("Payment", found.receipt or ""),
        ("Vendor", f"{found.vendor}, account {found.account}"),
        ("Our number for it", found.handle),
        ("Asked", f"{when(found.asked_at)} ({found.asks} times)" if found.asks else "not yet"),
        ("Vendor's words", found.words or ""),
        ("Refused because", label(found.reason) if found.reason else ""),
        ("Vendor's number", found.vendor_reference or ""),
        ("Ended", when(found.ended_at)),
        ("Decided by", found.decided_by or ""),
    ]


def _summary(unit: Unit, vend_id: int) -> Sequence[tuple[str, str]]:
    return _facts(unit, _get(unit, vend_id))


def _parse_codes(unit: Unit, typed: str) -> list[str]:
    return typed.replace(",", "\n").splitlines()


def _say_vended(unit: Unit, operator: str, values: Values, vend_id: int) -> Done:
    vend = say_vended(unit, vend_id, values["codes"], operator, values["reason"])
    message = "The code is stored and sent to the customer."
    return Done(message, "vends.vend", {"vend_id": vend_id}, lines=_second_look(unit, vend))


def _second_look(unit: Unit, decided: Vend) -> list[str]:
    """Return the codes in groups, to compare them with the vendor's page once more."""
    codes = enumerate(decided.typed_codes or (), start=1)
    customer = _get(unit, decided.id).customer or "in stock"
    return [
        *(f"Code {number}: {group(code, decided.vendor)}" for number, code in codes),
        f"For {decided.serial}, {customer}: {token_units(decided.kind, decided.units)}.",
        "Compare it with the vendor's page, digit by digit: it goes to the customer as it is.",
    ]


action_page(
    blueprint,
    "/vends/<int:vend_id>/vended",
    "vended",
    "decide_vend",
    Form(
        "It was vended: the code is",
        lambda unit, vend_id: (
            Field(
                "codes", "Code", _parse_codes, kind="area",
                hint="As the vendor's page shows it; one a line where there are several, in the"
                " order in which they are typed.",
            ),
        ),
        _say_vended,
        button="Send it",
        errors_at={
            "vend_code_missing": "codes",
            "vend_code_form": "codes",
            "vend_code_known": "codes",
            "vend_pushed": "codes",
        },
        summary=_summary,
        preview=lambda unit, done: done.lines,
    ),
)  # fmt: skip


def _deciding(decide: Callable[[Unit, int, str, str], object], message: str) -> Callable[..., Done]:
    def submit(unit: Unit, operator: str, values: Values, vend_id: int) -> Done:
        decide(unit, vend_id, operator, values["reason"])
        return Done(message, "vends.vend", {"vend_id": vend_id})

    return submit


def _worth(unit: Unit, values: Values, vend_id: int) -> int:
    return _get(unit, vend_id).amount_minor


action_page(
    blueprint,
    "/vends/<int:vend_id>/credited",
    "credited",
    "decide_vend",
    Form(
        "It was credited",
        no_fields,
        _deciding(say_credited, "The customer is told that the device has its credit."),
        button="It was credited",
        summary=_summary,
    ),
)

action_page(
    blueprint,
    "/vends/<int:vend_id>/again",
    "again",
    "decide_vend",
    Form(
        "It was not vended: ask again",
        no_fields,
        _deciding(ask_again, "The vendor is asked again."),
        button="Ask again",
        summary=_summary,
        act=Act("ask_vendor_again", _worth),
    ),
)

action_page(
    blueprint,
    "/vends/<int:vend_id>/give-back",
    "give_back",
    "give_vend_back",
    Form(
        "It was not vended: give the money back as credit",
        no_fields,
        _deciding(give_vend_back, "The money is the customer's credit."),
        button="Give it back as credit",
        summary=_summary,
        act=Act("give_vend_back", _worth),
    ),
)

"""Limits: what one person may do alone, and whether a second person is needed above that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from core.act import ACTING, ActRules, SecondPerson
from core.money import major
from core.operator import Role
from core.unit import Unit
from core.usecases.acts.limits import left_today, read_rules, set_rules
from gateway.console import parsing
from gateway.console.acts import Act
from gateway.console.auth import page
from gateway.console.console_context import console, current_operator
from gateway.console.formatting import label, money
from gateway.console.forms import Done, Field, Form, Values, action_page

blueprint = Blueprint("limits", __name__)

_SENTENCES: Mapping[SecondPerson, str] = {
    "required": "required: a code that unlocks a device, and an act above the sum below, wait until"
    " another owner or finance user approves them",
    "off": "off: one person can unlock devices, and do acts of any sum within the limit of the day",
}
_OPTIONS = (("required", "required"), ("off", "off: one person may do everything alone"))


@page(blueprint, "/limits", "view")
def limits() -> ResponseReturnValue:
    """Show what one person may do alone, and what the operator has left today."""
    with console().read_only_unit() as unit:
        return render_template("limits.html", unit=unit, facts=_facts(unit))


def _facts(unit: Unit) -> list[tuple[str, str]]:
    rules, user = read_rules(unit), current_operator()
    own = rules.daily_minor[user.role]
    left = [("You have left today", money(left_today(unit, user, own), unit.market))] if own else []
    return [
        ("Second person", _SENTENCES[rules.second_person]),
        ("Second person above", money(rules.large_minor, unit.market)),
        *((f"In a day, {label(role)}", _limit(unit, rules.daily_minor[role])) for role in ACTING),
        *left,
    ]


def _limit(unit: Unit, limit_minor: int | None) -> str:
    return "no limit" if limit_minor is None else money(limit_minor, unit.market)


def _fields(unit: Unit) -> tuple[Field, ...]:
    rules, currency = read_rules(unit), unit.market.currency
    return (
        Field(
            "second_person", "Second person", kind="select", options=lambda unit: _OPTIONS,
            value=rules.second_person,
        ),
        Field(
            "large", "Second person above", parsing.amount_minor,
            value=major(rules.large_minor, currency),
            hint="Of a refund, a discount, a token and so on. Unlocking always needs one.",
        ),
        *(_daily_field(role, rules.daily_minor[role], currency) for role in ACTING),
    )  # fmt: skip


def _daily_field(role: Role, limit_minor: int | None, currency: str) -> Field:
    value = "" if limit_minor is None else major(limit_minor, currency)
    title = f"Limit of a day, {label(role)}"
    return Field(
        role, title, parsing.amount_minor, optional=True, value=value, hint="Empty: no limit."
    )


def _change(unit: Unit, operator: str, values: Values) -> Done:
    daily: dict[Role, int | None] = {role: values[role] for role in ACTING}
    second_person = cast("SecondPerson", values["second_person"])
    rules = ActRules(second_person, values["large"], daily | {"read_only": 0})
    set_rules(unit, rules, operator, values["reason"])
    return Done("The limits are set.", "limits.limits")


action_page(
    blueprint,
    "/limits/change",
    "change",
    "set_limits",
    Form(
        "Change the limits",
        _fields,
        _change,
        act=Act("set_act_rules", needs_two=lambda unit, operator: True),
    ),
)

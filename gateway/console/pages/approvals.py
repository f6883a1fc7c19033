"""Approvals: acts that were asked for, and a second person who approves or refuses them."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from core.act import AskedAct
from core.db.acts import find_request
from core.db.console.acts import REQUESTS
from core.errors import Refused
from core.unit import Unit
from core.usecases.acts.approvals import approve_request, claim_request, refuse_request
from core.usecases.acts.limits import who_approves
from gateway.console.acts import do_as_asked
from gateway.console.auth import page
from gateway.console.console_context import console, current_operator
from gateway.console.formatting import INSTANT, LABEL, MONEY, STATE, instant, label, money
from gateway.console.forms import (
    ACT_FORMS,
    Done,
    Form,
    Values,
    action_page,
    no_fields,
    parse_fields,
)
from gateway.console.listing import Column, Listing, condition_filter, list_page
from gateway.console.roles import is_allowed

blueprint = Blueprint("approvals", __name__)

list_page(
    blueprint,
    "/approvals/",
    "approvals",
    Listing(
        "Approvals",
        REQUESTS,
        columns=(
            Column("Asked", "asked_at", INSTANT, "approvals.approval", "act_id"),
            Column("Act", "act", LABEL),
            Column("Asked by", "asker"),
            Column("Worth", "value_minor", MONEY),
            Column("Reason", "reason"),
            Column("State", "state", STATE),
            Column("Waits until", "expires_at", INSTANT),
            Column("Decided by", "decider"),
            Column("Decided", "decided_at", INSTANT),
        ),
        filters=(
            condition_filter(
                "state", "State", (("waiting", "waiting"), ("ended", "ended")), "waiting"
            ),
        ),
        fixed_values=lambda unit: {"now": unit.now},
        buttons=(("Limits", "limits.limits"),),
        intro="Acts that one person may not do alone. Another owner or finance user approves them,"
        " and they are done then.",
    ),
)


@page(blueprint, "/approvals/<int:act_id>", "view")
def approval(act_id: int) -> ResponseReturnValue:
    """Show a request for an act: what it is about, and how it ended."""
    with console().read_only_unit() as unit:
        asked = _get_request(unit, act_id)
        return render_template(
            "approval.html",
            unit=unit,
            asked=asked,
            facts=_summary(unit, act_id),
            is_waiting=_is_waiting(unit, asked),
            is_own=asked.user_id == current_operator().id,
            who_approves=who_approves(unit, asked.user_id),
        )


def _get_request(unit: Unit, act_id: int) -> AskedAct:
    return find_request(unit.connection, act_id) or abort(404)


def _is_waiting(unit: Unit, asked: AskedAct) -> bool:
    return asked.state == "waiting" and asked.expires_at > unit.now


def _summary(unit: Unit, act_id: int) -> list[tuple[str, str]]:
    """Return who asks for what and why; while it waits, also what the form of the act says."""
    asked = _get_request(unit, act_id)
    waits = _is_waiting(unit, asked)
    form = ACT_FORMS[asked.act][1]
    return [
        ("What", form.title),
        ("Asked by", asked.asker),
        ("Reason", asked.reason),
        ("Worth", money(asked.value_minor, unit.market) if asked.value_minor else ""),
        ("Asked", instant(asked.asked_at, unit.market)),
        ("Waits until", instant(asked.expires_at, unit.market)),
        ("State", label(asked.state if waits or asked.state != "waiting" else "expired")),
        *(_details(unit, form, asked) if waits else ()),
    ]


def _details(unit: Unit, form: Form, asked: AskedAct) -> Sequence[tuple[str, str]]:
    facts = form.summary(unit, **asked.ids) if form.summary else ()
    if not is_allowed(current_operator().role, "see_numbers"):
        return facts  # a number may have been typed in any form
    typed = [
        (field.label, asked.typed.get(field.name, ""))
        for field in form.fields(unit, **asked.ids)
        if field.name != "reason"
    ]
    return [*facts, *typed]


def _approve(unit: Unit, operator: str, values: Values, act_id: int) -> Done:
    """Do the act as it was asked for, in the transaction of the approval."""
    approver = current_operator()
    asked = claim_request(unit, act_id, approver)
    permission, form = ACT_FORMS[asked.act]
    if not is_allowed(asked.asker_role, permission):
        raise Refused("asker_gone", asker=asked.asker)
    given, problems = parse_fields(unit, form.fields(unit, **asked.ids), asked.typed)
    if problems:
        raise Refused("act_changed", problem="; ".join(problems.values()))
    approve_request(unit, asked, approver, values["reason"])
    done = do_as_asked(unit, form.act, asked, given, lambda: _submit(unit, form, asked, given))
    lines = form.preview(unit, done) if form.preview else [done.message]
    return Done(f"Approved. {done.message}", done.endpoint, done.ids, lines=lines)


def _submit(unit: Unit, form: Form, asked: AskedAct, given: Values) -> Done:
    return form.submit(unit, asked.asker, given, **asked.ids)


action_page(
    blueprint,
    "/approvals/<int:act_id>/approve",
    "approve",
    "approve",
    Form(
        "Approve an act",
        no_fields,
        _approve,
        button="Approve it",
        summary=_summary,
        preview=lambda unit, done: done.lines,
    ),
)


def _refuse(unit: Unit, operator: str, values: Values, act_id: int) -> Done:
    state = refuse_request(unit, act_id, current_operator(), values["reason"])
    return Done(f"The request is {state}. Nothing was done.", "approvals.approvals")


action_page(
    blueprint,
    "/approvals/<int:act_id>/refuse",
    "refuse",
    "refuse_act",
    Form("Refuse or withdraw", no_fields, _refuse, button="End the request", summary=_summary),
)

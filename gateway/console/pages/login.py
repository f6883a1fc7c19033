"""Login, logout and the operator's own password. A wrong name and a wrong password get the same
answer."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from core.errors import Refused
from core.unit import Unit
from core.usecases.operators.users import change_password, log_in, log_out
from core.wording.operator_messages import describe_refusal
from gateway.console.auth import begin_login, page
from gateway.console.console_context import console, current_operator
from gateway.console.forms import Done, Field, Form, Values, form_page

log = logging.getLogger(__name__)

blueprint = Blueprint("login", __name__)

# Attempts in a quarter of an hour, successful or not: for one name, and from one address.
MAX_PER_NAME, MAX_PER_ADDRESS = 20, 40
_WITHIN_S = 15 * 60
_MAX_LENGTH = 200


@blueprint.route("/login", methods=("GET", "POST"))
def login() -> ResponseReturnValue:
    """Log an operator in, and continue with the page that they asked for."""
    if request.method == "GET":
        return render_template("login.html")
    name, password = request.form.get("name", "")[:_MAX_LENGTH], request.form.get("password", "")
    try:
        _count_attempt(name)
        with console().read_only_unit() as unit:
            user = log_in(unit, name.replace("\x00", ""), password[:_MAX_LENGTH])
    except Refused as refused:
        log.warning("console: a login was refused (%s)", refused.code)
        status = 429 if refused.code == "login_often" else 403
        return render_template("login.html", problem=describe_refusal(refused), name=name), status
    begin_login(user)
    log.info("console: user %d logged in", user.id)
    return redirect(
        _console_address(request.args.get("back", "")) or url_for("dashboard.dashboard")
    )


def _count_attempt(name: str) -> None:
    """Count a login attempt. Raises Refused("login_often")."""
    limits, address = console().limits, console().guard.source(request.environ)
    of_name = limits.count("login", name.strip().lower(), _WITHIN_S)
    of_address = limits.count("login_from", address, _WITHIN_S)
    if of_name > MAX_PER_NAME or of_address > MAX_PER_ADDRESS:
        raise Refused("login_often")


def _console_address(back: str) -> str | None:
    """Return the address if it is one of the console: a login leads to no other site."""
    parts = urlsplit(back)
    inside = back.startswith("/console/") and not (parts.scheme or parts.netloc or "\\" in back)
    return back if inside else None


@page(blueprint, "/logout", "change_password", methods=("POST",))
def logout() -> ResponseReturnValue:
    """End this login and every other login of the same user."""
    with console().unit() as unit:
        log_out(unit, current_operator().id)
    session.clear()
    return redirect(url_for(".login"))


def _change_password(unit: Unit, operator: str, values: Values, **ids: Any) -> Done:
    if values["new"] != values["again"]:
        raise Refused("password_differs")
    change_password(unit, current_operator(), values["present"], values["new"])
    return Done("Your password was changed. Log in with the new one.", "login.login")


form_page(
    blueprint,
    "/password",
    "password",
    "change_password",
    Form(
        "Change your password",
        fields=lambda unit: (
            Field("present", "Current password", kind="password"),
            Field("new", "New password", kind="password", hint="At least 10 characters."),
            Field("again", "Repeat the new password", kind="password"),
        ),
        submit=_change_password,
        button="Change password",
        errors_at={"login_wrong": "present", "password_short": "new", "password_differs": "again"},
    ),
)

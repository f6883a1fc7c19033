"""Logging in and out, and one's own password. Wrong names and wrong passwords are one answer."""

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

# Tries within a quarter of an hour, right or wrong: for one name, and from one address.
TRIES_OF_A_NAME, TRIES_OF_AN_ADDRESS = 20, 40
_WITHIN_S = 15 * 60
_LONGEST = 200


@blueprint.route("/login", methods=("GET", "POST"))
def login() -> ResponseReturnValue:
    """Ask who it is; afterwards go on where they wanted to go."""
    if request.method == "GET":
        return render_template("login.html")
    name, password = request.form.get("name", "")[:_LONGEST], request.form.get("password", "")
    try:
        _count_try(name)
        with console().read_only_unit() as unit:
            user = log_in(unit, name.replace("\x00", ""), password[:_LONGEST])
    except Refused as refused:
        log.warning("console: a login was refused (%s)", refused.code)
        status = 429 if refused.code == "login_often" else 403
        return render_template("login.html", problem=describe_refusal(refused), name=name), status
    begin_login(user)
    log.info("console: user %d logged in", user.id)
    return redirect(_inside(request.args.get("back", "")) or url_for("today.today"))


def _count_try(name: str) -> None:
    """Raises Refused("login_often")."""
    limits, address = console().limits, console().guard.source(request.environ)
    of_name = limits.count("login", name.strip().lower(), _WITHIN_S)
    of_address = limits.count("login_from", address, _WITHIN_S)
    if of_name > TRIES_OF_A_NAME or of_address > TRIES_OF_AN_ADDRESS:
        raise Refused("login_often")


def _inside(back: str) -> str | None:
    """The address, if it is one of the console: a link from elsewhere leads nowhere else."""
    parts = urlsplit(back)
    inside = back.startswith("/console/") and not (parts.scheme or parts.netloc or "\\" in back)
    return back if inside else None


@page(blueprint, "/logout", "password", methods=("POST",))
def logout() -> ResponseReturnValue:
    """End this login and every other one of the same person."""
    with console().unit() as unit:
        log_out(unit, current_operator().id)
    session.clear()
    return redirect(url_for(".login"))


def _new_password(unit: Unit, operator: str, values: Values, **ids: Any) -> Done:
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
            Field("present", "Present password", kind="password"),
            Field("new", "New password", kind="password", hint="At least 10 characters."),
            Field("again", "New password again", kind="password"),
        ),
        submit=_new_password,
        button="Change password",
        errors_at={"login_wrong": "present", "password_short": "new", "password_differs": "again"},
    ),
)

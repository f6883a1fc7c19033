"""The users of the console: added, given a role or a first password, shut out. Owners only."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from core.db.console.audit import audit_of
from core.db.console.users import USERS, find_user_row
from core.password import SHORTEST, random_password
from core.unit import Unit
from core.usecases.operators.users import (
    ROLES,
    add_user,
    disable_user,
    enable_user,
    expect_new_password,
    give_first_password,
    reset_second_factor,
    set_role,
)
from gateway.console.auth import page
from gateway.console.console_context import console
from gateway.console.formatting import INSTANT, LABEL, label
from gateway.console.forms import (
    Done,
    Field,
    Form,
    ShownOnce,
    Values,
    action_page,
    form_page,
    no_fields,
)
from gateway.console.listing import Column, Listing, list_page

blueprint = Blueprint("users", __name__)


def _role_options(unit: Unit) -> list[tuple[str, str]]:
    return [(role, label(role)) for role in ROLES]


list_page(
    blueprint,
    "/users/",
    "users",
    Listing(
        "Users",
        USERS,
        columns=(
            Column("Name", "name", link="users.user", link_id="user_id"),
            Column("Role", "role", LABEL),
            Column("Second factor", "totp_since", INSTANT),
            Column("Added", "created_at", INSTANT),
            Column("Disabled", "disabled_at", INSTANT),
        ),
        buttons=(("Add a user", "users.add"),),
    ),
    "manage_users",
)


@page(blueprint, "/users/<int:user_id>", "manage_users")
def user(user_id: int) -> ResponseReturnValue:
    """Show a user: role, second factor, and the actions of other operators on them."""
    with console().read_only_unit() as unit:
        return render_template(
            "user.html",
            unit=unit,
            user=find_user_row(unit.connection, user_id) or abort(404),
            audit=audit_of(unit.connection, "user", user_id),
        )


def _add_user(unit: Unit, operator: str, values: Values) -> Done:
    typed = values["password"]
    password = typed or random_password()
    user_id = add_user(unit, values["name"], password, values["role"], operator)
    expect_new_password(unit, user_id)
    message = f"{values['name']} can log in now, and has to change the password first."
    return Done(
        message,
        "users.user",
        {"user_id": user_id},
        shown_once=None if typed else _first_password(password),
    )


def _first_password(password: str) -> ShownOnce:
    caption = (
        "The first password, shown only once. Tell it to the user, who must change it at first use"
    )
    return ShownOnce(caption, (password,))


form_page(
    blueprint,
    "/users/new",
    "add",
    "manage_users",
    Form(
        "Add a user",
        fields=lambda unit: (
            Field("name", "Name", hint="The name for the login."),
            Field("role", "Role", kind="select", options=_role_options),
            Field(
                "password",
                "First password",
                kind="password",
                optional=True,
                hint=f"At least {SHORTEST} characters; empty for a random one. It must be changed.",
            ),
        ),
        submit=_add_user,
        errors_at={
            "name_invalid": "name",
            "user_exists": "name",
            "role_unknown": "role",
            "password_short": "password",
            "password_common": "password",
            "password_like_name": "password",
        },
    ),
)


def _user_summary(unit: Unit, user_id: int) -> list[tuple[str, str]]:
    user = find_user_row(unit.connection, user_id) or abort(404)
    state = "disabled" if user.disabled_at else label(user.role)
    return [("Name", user.name), ("Role", state)]


def _set_role(unit: Unit, operator: str, values: Values, user_id: int) -> Done:
    set_role(unit, user_id, values["role"], operator, values["reason"])
    message = "The role is changed. The user has to log in again."
    return Done(message, "users.user", {"user_id": user_id})


def _disable_user(unit: Unit, operator: str, values: Values, user_id: int) -> Done:
    disable_user(unit, user_id, operator, values["reason"])
    return Done("The user is disabled.", "users.user", {"user_id": user_id})


def _enable_user(unit: Unit, operator: str, values: Values, user_id: int) -> Done:
    enable_user(unit, user_id, operator, values["reason"])
    return Done("The user can log in again.", "users.user", {"user_id": user_id})


def _give_first_password(unit: Unit, operator: str, values: Values, user_id: int) -> Done:
    password = give_first_password(unit, user_id, operator, values["reason"])
    return Done(
        "The user has a new first password. It is shown only once: give another if it is lost.",
        "users.user",
        {"user_id": user_id},
        shown_once=_first_password(password),
    )


def _reset_second_factor(unit: Unit, operator: str, values: Values, user_id: int) -> Done:
    reset_second_factor(unit, user_id, operator, values["reason"])
    message = "The user has no second factor now."
    return Done(message, "users.user", {"user_id": user_id})


action_page(
    blueprint,
    "/users/<int:user_id>/role",
    "role",
    "manage_users",
    Form(
        "Change a role",
        fields=lambda unit, user_id: (Field("role", "Role", kind="select", options=_role_options),),
        submit=_set_role,
        summary=_user_summary,
    ),
)
action_page(
    blueprint,
    "/users/<int:user_id>/disable",
    "disable",
    "manage_users",
    Form("Disable a user", no_fields, _disable_user, button="Disable", summary=_user_summary),
)
action_page(
    blueprint,
    "/users/<int:user_id>/enable",
    "enable",
    "manage_users",
    Form("Let a user back in", no_fields, _enable_user, "Let back in", summary=_user_summary),
)
action_page(
    blueprint,
    "/users/<int:user_id>/password",
    "first_password",
    "manage_users",
    Form(
        "New first password",
        no_fields,
        _give_first_password,
        button="Give a first password",
        summary=_user_summary,
    ),
)
action_page(
    blueprint,
    "/users/<int:user_id>/second-factor",
    "reset_second_factor",
    "manage_users",
    Form(
        "Reset the second factor",
        no_fields,
        _reset_second_factor,
        button="Reset it",
        summary=_user_summary,
    ),
)

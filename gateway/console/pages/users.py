"""The users of the console: added, given a role, disabled. Owners only."""

from __future__ import annotations

from flask import Blueprint, abort

from core.db.console.users import USERS, find_user_row
from core.unit import Unit
from core.usecases.operators.users import ROLES, add_user, disable_user, set_role
from gateway.console.formatting import INSTANT, LABEL, label
from gateway.console.forms import Done, Field, Form, Values, action_page, form_page, no_fields
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
            Column("Name", "name", link="users.role", link_id="user_id"),
            Column("Role", "role", LABEL),
            Column("Added", "created_at", INSTANT),
            Column("Disabled", "disabled_at", INSTANT),
        ),
        buttons=(("Add a user", "users.add"),),
    ),
    "manage_users",
)


def _add_user(unit: Unit, operator: str, values: Values) -> Done:
    add_user(unit, values["name"], values["password"], values["role"], operator)
    return Done(f"{values['name']} can log in now.", "users.users")


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
            Field("password", "First password", kind="password", hint="At least 10 characters."),
        ),
        submit=_add_user,
        errors_at={
            "name_invalid": "name",
            "user_exists": "name",
            "role_unknown": "role",
            "password_short": "password",
        },
    ),
)


def _user_summary(unit: Unit, user_id: int) -> list[tuple[str, str]]:
    user = find_user_row(unit.connection, user_id) or abort(404)
    state = "disabled" if user.disabled_at else label(user.role)
    return [("Name", user.name), ("Role", state)]


def _set_role(unit: Unit, operator: str, values: Values, user_id: int) -> Done:
    set_role(unit, user_id, values["role"], operator, values["reason"])
    return Done("The role is changed. The user has to log in again.", "users.users")


def _disable_user(unit: Unit, operator: str, values: Values, user_id: int) -> Done:
    disable_user(unit, user_id, operator, values["reason"])
    return Done("The user is disabled.", "users.users")


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
        links=(("Disable", "users.disable"),),
    ),
)
action_page(
    blueprint,
    "/users/<int:user_id>/disable",
    "disable",
    "manage_users",
    Form("Disable a user", no_fields, _disable_user, button="Disable", summary=_user_summary),
)

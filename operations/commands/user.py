"""`dialwatt user add | list | disable`: the users of the console.

The first user of a deployment is added here; owners can add the others at the console.
"""

from __future__ import annotations

import getpass
import secrets
import sys

import click

from core.db.console.listing import read_all
from core.db.console.users import USERS
from core.db.users import find_user
from core.errors import BadInput, Refused
from core.unit import OpenUnit
from core.usecases.operators.users import ROLES, add_user, disable_user
from operations.database import NO_MARKET, open_for_command
from operations.operator import operator_name


@click.group()
def user() -> None:
    """Add, list or disable users of the console."""


@user.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(ROLES),
    default="read_only",
    show_default=True,
    help="What the user may do (docs/console.md).",
)
def add(name: str, role: str) -> None:
    """Add a user.

    The password is asked for on a terminal, and read from standard input elsewhere. Where it is
    empty, a random one is set and printed once.
    """
    open_unit = _open_users()
    typed = _read_password()
    password = typed or secrets.token_urlsafe(12)
    with open_unit() as unit:
        add_user(unit, name, password, role, operator_name())
    print(f"{name.lower()} may log in as {role.replace('_', '-')}.")
    if not typed:
        print(f"password: {password}")


def _read_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password (leave empty for a random one): ")
    if password and getpass.getpass("Once more: ") != password:
        raise BadInput("the two passwords are not the same")
    return password


@user.command()
@click.argument("name")
def disable(name: str) -> None:
    """Disable a user, who is logged out at once."""
    with _open_users()() as unit:
        user = find_user(unit.connection, name.lower())
        if user is None:
            raise Refused("user_unknown", name=name)
        disable_user(unit, user.id, operator_name(), "disabled on the command line")
    print(f"{user.name} is disabled.")


@user.command("list")
def list_() -> None:
    """List all users with their roles."""
    with _open_users()() as unit:
        for user in read_all(unit.connection, USERS, {}):
            state = "disabled" if user.disabled_at else user.role.replace("_", "-")
            print(f"{user.name:<24}{state:<12}since {user.created_at:%Y-%m-%d}")


def _open_users() -> OpenUnit:
    return open_for_command(market_if_none=NO_MARKET)

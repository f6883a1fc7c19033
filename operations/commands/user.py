"""`dialwatt user`: the users of the console, from the shell.

The first user of a deployment is added here; owners can add the others at the console.
"""

from __future__ import annotations

import getpass
import sys

import click

from core.db.console.listing import read_all
from core.db.console.users import USERS, UserRow
from core.db.users import find_any_user
from core.errors import BadInput, Refused
from core.market import NO_MARKET
from core.operator import ConsoleUser
from core.password import random_password
from core.unit import OpenUnit, Unit
from core.usecases.operators.users import (
    ROLES,
    add_user,
    disable_user,
    enable_user,
    expect_new_password,
    give_first_password,
    reset_second_factor,
)
from operations.database import open_for_command
from operations.operator import operator_name

_reason = click.option("--reason", required=True, help="Why; it goes into the audit log.")


@click.group()
def user() -> None:
    """Add, list or change users of the console."""


@user.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(ROLES),
    default="read_only",
    show_default=True,
    help="What the user may do (docs/console.md).",
)
@click.option(
    "--change-password", is_flag=True, help="Have the user change the password at the first login."
)
def add(name: str, role: str, *, change_password: bool) -> None:
    """Add a user.

    The password is asked for on a terminal, and read from standard input elsewhere. Where it is
    empty, a random one is set and printed once, which the user has to change at the first login.
    """
    open_unit = _open_users()
    typed = _read_password()
    password = typed or random_password()
    with open_unit() as unit:
        user_id = add_user(unit, name, password, role, operator_name())
        if change_password or not typed:
            expect_new_password(unit, user_id)
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
@_reason
def password(name: str, reason: str) -> None:
    """Print a new first password of a user who forgot theirs.

    It is printed once, and has to be changed at the next login. All logins of the user end.
    """
    with _open_users()() as unit:
        found = _find(unit, name)
        first = give_first_password(unit, found.id, operator_name(), reason)
    print(f"{found.name} has to change this password at the next login.\npassword: {first}")


@user.command("reset-second-factor")
@click.argument("name")
@_reason
def reset_second_factor_(name: str, reason: str) -> None:
    """Remove the second factor of a user whose phone and recovery codes are gone.

    First make sure that it is that person who asks. Where the role must have one, the user sets up
    another at the next login.
    """
    with _open_users()() as unit:
        found = _find(unit, name)
        reset_second_factor(unit, found.id, operator_name(), reason)
    print(f"{found.name} has no second factor.")


@user.command()
@click.argument("name")
def disable(name: str) -> None:
    """Disable a user, who is logged out at once."""
    with _open_users()() as unit:
        found = _find(unit, name)
        disable_user(unit, found.id, operator_name(), "disabled on the command line")
    print(f"{found.name} is disabled.")


@user.command()
@click.argument("name")
@_reason
def enable(name: str, reason: str) -> None:
    """Let a disabled user back in, with the password and the role of before."""
    with _open_users()() as unit:
        found = _find(unit, name)
        enable_user(unit, found.id, operator_name(), reason)
    print(f"{found.name} may log in again.")


@user.command("list")
def list_() -> None:
    """List all users with their roles, and whether they have a second factor."""
    with _open_users()() as unit:
        for row in read_all(unit.connection, USERS, {}):
            state = "disabled" if row.disabled_at else row.role.replace("_", "-")
            print(f"{row.name:<24}{state:<12}since {row.created_at:%Y-%m-%d}  {_login(row)}")


def _login(row: UserRow) -> str:
    factor = "second factor" if row.totp_since else "password only"
    return f"{factor}, first password not changed yet" if row.password_is_initial else factor


def _find(unit: Unit, name: str) -> ConsoleUser:
    found = find_any_user(unit.connection, name.lower())
    if found is None:
        raise Refused("user_unknown", name=name)
    return found


def _open_users() -> OpenUnit:
    return open_for_command(market_if_none=NO_MARKET)

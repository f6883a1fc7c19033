"""`dialwatt user add|list|disable`: the people of the console, from the command line.

The first one has to come from here. A password is typed, or read from standard input; where neither
gives one it is made up and printed once.
"""

from __future__ import annotations

import getpass
import secrets
import sys
from argparse import Namespace

from sqlalchemy import Engine

from core.clock import system_clock
from core.db.console.listing import read_all
from core.db.console.users import USERS
from core.db.engine import make_engine
from core.db.users import count_users, find_user
from core.errors import BadInput, Refused
from core.market import Market
from core.settings import Environment, read
from core.unit import OpenUnit, unit_opener
from core.usecases.operators.audit import ITSELF
from core.usecases.operators.users import add_user, disable_user
from operations.operator import operator_name

# A user may come before the book has a market.
_NO_MARKET = Market("", "", 1, "UTC", ("en",), "", "", 0)
# Whom the embedded set-up makes.
FIRST_USER = "owner"


def add_first_user(engine: Engine, environment: Environment) -> None:
    """An owner for a console that has nobody yet, with CONSOLE_PASSWORD."""
    with unit_opener(engine, market_if_none=_NO_MARKET)() as unit:
        if not count_users(unit.connection):
            password = read(environment, "CONSOLE_PASSWORD")
            add_user(unit, FIRST_USER, password, "owner", ITSELF)


def run(arguments: Namespace, environment: Environment) -> int:
    """Do it and say so. Raises Refused for a name that is taken, unknown, or the last owner's."""
    engine = make_engine(read(environment, "DATABASE_URL"), pool_size=0)
    open_unit = unit_opener(engine, system_clock, market_if_none=_NO_MARKET)
    if arguments.action == "list":
        return _list(open_unit)
    if not arguments.name:
        raise BadInput(f"user {arguments.action} needs a name")
    act = _add if arguments.action == "add" else _disable
    return act(open_unit, arguments)


def _add(open_unit: OpenUnit, arguments: Namespace) -> int:
    password = _password()
    made_up = secrets.token_urlsafe(12) if not password else ""
    with open_unit() as unit:
        add_user(unit, arguments.name, password or made_up, arguments.role, operator_name())
    print(f"{arguments.name.lower()} may log in as {arguments.role.replace('_', '-')}.")
    if made_up:
        print(f"password: {made_up}")
    return 0


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password (empty: one is made up): ")
    if password and getpass.getpass("Once more: ") != password:
        raise BadInput("the two passwords are not the same")
    return password


def _disable(open_unit: OpenUnit, arguments: Namespace) -> int:
    with open_unit() as unit:
        user = find_user(unit.connection, arguments.name.lower())
        if user is None:
            raise Refused("user_unknown", name=arguments.name)
        disable_user(unit, user.id, operator_name(), "shut out from the command line")
    print(f"{user.name} is shut out.")
    return 0


def _list(open_unit: OpenUnit) -> int:
    with open_unit() as unit:
        for user in read_all(unit.connection, USERS, {}):
            state = "shut out" if user.disabled_at else user.role.replace("_", "-")
            print(f"{user.name:<24}{state:<12}since {user.created_at:%Y-%m-%d}")
    return 0

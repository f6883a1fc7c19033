"""Preparing the database of the embedded set-up: its schemas, the demo and the first user."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Engine

from core.db.engine import make_engine, migrate
from core.db.rights import Role
from core.db.users import count_users
from core.environment import Environment, read_setting
from core.market import NO_MARKET
from core.unit import unit_opener
from core.usecases.operators.audit import ITSELF
from core.usecases.operators.users import add_user
from operations.demo import load_demo
from simulator.database import create_schema, open_database

FIRST_USER = "owner"


def prepare(settings: Mapping[str, str], passwords: Mapping[Role, str], *, with_demo: bool) -> None:
    """Bring the schemas and the roles up to date, and fill an empty database with the demo and a
    user."""
    migrate(settings["DATABASE_URL"], passwords)
    create_schema(open_database(settings["DATABASE_URL"]))
    engine = make_engine(settings["DATABASE_URL"], pool_size=0)
    if with_demo:
        load_demo(engine, settings)
    add_first_user(engine, settings)


def add_first_user(engine: Engine, environment: Environment) -> None:
    """Add an owner with CONSOLE_PASSWORD, where the console has no user yet."""
    with unit_opener(engine, market_if_none=NO_MARKET)() as unit:
        if not count_users(unit.connection):
            password = read_setting(environment, "CONSOLE_PASSWORD")
            add_user(unit, FIRST_USER, password, "owner", ITSELF)

"""Opening the database for a command."""

from __future__ import annotations

from core.db.engine import make_engine
from core.settings import Environment, read
from core.unit import OpenUnit, unit_opener
from gateway.payments.channel_table import channel_table


def open_database(environment: Environment) -> OpenUnit:
    """Units on the database of this environment, for a command that works alone."""
    engine = make_engine(read(environment, "DATABASE_URL"), pool_size=0)
    return unit_opener(engine, channels=channel_table())

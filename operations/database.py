"""Opening the database for a command."""

from __future__ import annotations

from core.channel import Channels
from core.db.engine import make_engine
from core.environment import Environment, read_setting
from core.unit import NO_CHANNELS, OpenUnit, unit_opener


def open_database(environment: Environment, channels: Channels = NO_CHANNELS) -> OpenUnit:
    """Return a function that opens a unit on the database of this environment.

    `channels` are for commands that follow prompts or refunds: their adapters are slow to import.
    """
    engine = make_engine(read_setting(environment, "DATABASE_URL"), pool_size=0)
    return unit_opener(engine, channels=channels)

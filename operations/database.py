"""Opening the database for a command."""

from __future__ import annotations

import os
from collections.abc import Collection

from core.channel import Channels
from core.db.engine import make_engine
from core.environment import Environment, read_setting
from core.market import Market
from core.unit import NO_CHANNELS, OpenUnit, QueueName, unit_opener
from operations.environment import command_environment


def open_for_command(
    channels: Channels = NO_CHANNELS, market_if_none: Market | None = None
) -> OpenUnit:
    """Return a function that opens a unit on the database that this command talks to (see
    `command_environment`). Raises BadInput where there is none."""
    return open_database(command_environment(os.environ), channels, market_if_none)


def open_database(
    environment: Environment,
    channels: Channels = NO_CHANNELS,
    market_if_none: Market | None = None,
) -> OpenUnit:
    """Return a function that opens a unit on the database of this environment.

    `channels` are for commands that follow prompts or refunds: their adapters are slow to import.
    `market_if_none` is for commands that work on a database without a market. Without REDIS_URL no
    worker is woken: the schedule finds the rows within 5 seconds.
    """
    engine = make_engine(read_setting(environment, "DATABASE_URL"), pool_size=0)
    redis_url = read_setting(environment, "REDIS_URL", "")

    def wake(queue_names: Collection[QueueName]) -> None:
        if redis_url:
            # RQ is slow to import, and most commands wake no worker.
            from gateway.work_queues import WorkQueues

            WorkQueues(redis_url).wake(queue_names)

    return unit_opener(engine, channels=channels, market_if_none=market_if_none, after_commit=wake)

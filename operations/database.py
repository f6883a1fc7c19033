"""Opening the database for a command."""

from __future__ import annotations

from collections.abc import Collection

from core.channel import Channels
from core.db.engine import make_engine
from core.environment import Environment, read_setting
from core.unit import NO_CHANNELS, OpenUnit, QueueName, unit_opener


def open_database(environment: Environment, channels: Channels = NO_CHANNELS) -> OpenUnit:
    """Return a function that opens a unit on the database of this environment.

    `channels` are for commands that follow prompts or refunds: their adapters are slow to import.
    Without REDIS_URL no worker is woken: the schedule finds the rows within 5 seconds.
    """
    engine = make_engine(read_setting(environment, "DATABASE_URL"), pool_size=0)
    redis_url = read_setting(environment, "REDIS_URL", "")

    def wake(queue_names: Collection[QueueName]) -> None:
        if redis_url:
            # RQ is slow to import, and most commands wake nobody.
            from gateway.work_queues import WorkQueues

            WorkQueues(redis_url).wake(queue_names)

    return unit_opener(engine, channels=channels, after_commit=wake)

"""`dialwatt wake`: show pending work and live workers, and wake the workers.

For use after an outage of Redis or of the schedule. Nothing is lost without it: the schedule wakes
the workers every five seconds.
"""

from __future__ import annotations

import os
from collections import Counter

import click
from redis import Redis, RedisError

from core.clock import system_clock
from core.db.work_queue import count_waiting
from core.errors import BadInput
from gateway.heartbeat import live_workers
from gateway.settings import ServicesSettings
from gateway.work_queues import QUEUES, WorkQueues
from operations.database import open_database
from operations.environment import command_environment

REDIS_TIMEOUT_S = 5


@click.command()
def wake() -> None:
    """Show pending work and live workers, and wake the workers.

    It fails where a queue has no live worker, since its work then stays undone.
    """
    environment = command_environment(os.environ)
    services = ServicesSettings.from_environment(environment)
    with open_database(environment)() as unit:
        waiting = count_waiting(unit.connection)
    workers = _wake(services.redis_url)
    for queue in QUEUES:
        print(f"{queue:<16}{waiting[queue]:>7} waiting, {workers[queue]} workers")
    if not all(workers[queue] for queue in QUEUES):
        raise BadInput("A queue without workers stays as it is: start `dialwatt worker`.")


def _wake(redis_url: str) -> Counter[str]:
    """Wake the workers of every queue, and return how many live workers each queue has.

    A wake-up that a dead worker has left behind is cleared first.
    """
    try:
        with Redis.from_url(
            redis_url, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S
        ) as redis:
            redis.ping()
            queues = WorkQueues(redis_url)
            for queue in QUEUES:
                queues.clear_wake(queue)
            queues.wake(QUEUES)
            return live_workers(redis, system_clock()).by_queue
    except (RedisError, ValueError) as error:
        raise BadInput(
            f"cannot reach Redis ({error}). Is it running, and is REDIS_URL right?"
        ) from None

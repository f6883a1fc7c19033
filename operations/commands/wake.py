"""`dialwatt wake`: what waits in each queue and who serves it; then every queue is woken again.

For after an outage of Redis or of the schedule. Nothing is lost without it: the schedule wakes
the workers every five seconds.
"""

from __future__ import annotations

from argparse import Namespace
from collections import Counter

from redis import Redis, RedisError

from core.clock import system_clock
from core.db.work_queue import count_waiting
from core.errors import BadInput
from core.settings import Environment, ServicesSettings
from gateway.heartbeat import live_workers
from gateway.work_queues import QUEUES, WorkQueues
from operations.database import open_database

_LONGEST_ANSWER_S = 5


def run(arguments: Namespace, environment: Environment) -> int:
    """Wake and count; 1 when a queue has no worker."""
    services = ServicesSettings.from_environment(environment)
    with open_database(environment)() as unit:
        waiting = count_waiting(unit.connection)
    listening = _wake(services.redis_url)
    for queue in QUEUES:
        print(f"{queue:<12}{waiting[queue]:>7} waiting, {listening[queue]} workers")
    if all(listening[queue] for queue in QUEUES):
        return 0
    raise BadInput("A queue without workers stays as it is: start `dialwatt worker`.")


def _wake(redis_url: str) -> Counter[str]:
    """Wake every queue, even one whose wake-up a dead worker left set; workers by queue."""
    try:
        with Redis.from_url(
            redis_url, socket_timeout=_LONGEST_ANSWER_S, socket_connect_timeout=_LONGEST_ANSWER_S
        ) as redis:
            redis.ping()
            queues = WorkQueues(redis_url)
            for queue in QUEUES:
                queues.clear_wake(queue)
            queues.wake_all()
            return live_workers(redis, system_clock()).by_queue
    except (RedisError, ValueError) as error:
        raise BadInput(
            f"cannot reach Redis ({error}). Is it running, and is REDIS_URL right?"
        ) from None

"""`dialwatt wake`: what waits in each queue and who serves it; then every bell is rung anew.

For after an outage of Redis or of the schedule. Nothing is lost without it: the schedule rings
every five seconds.
"""

from __future__ import annotations

from argparse import Namespace
from collections import Counter

from redis import Redis, RedisError

from core.clock import system_clock
from core.db.work_queue import count_waiting
from core.errors import BadInput
from core.settings import Environment, ServicesSettings
from gateway.beats import living_workers
from gateway.ring import QUEUES, Doorbell
from operations.database import open_database

_LONGEST_ANSWER_S = 5


def run(arguments: Namespace, environment: Environment) -> int:
    """Ring and count; 1 when a queue has no worker, for then nobody hears."""
    services = ServicesSettings.from_environment(environment)
    with open_database(environment)() as unit:
        waiting = count_waiting(unit.connection)
    listening = _ring(services.redis_url)
    for queue in QUEUES:
        print(f"{queue:<12}{waiting[queue]:>7} waiting, {listening[queue]} workers")
    if all(listening[queue] for queue in QUEUES):
        return 0
    raise BadInput("A queue without workers stays as it is: start `dialwatt worker`.")


def _ring(redis_url: str) -> Counter[str]:
    """Ring, also where a bell of a dead worker still hangs; how many workers hear each."""
    try:
        with Redis.from_url(
            redis_url, socket_timeout=_LONGEST_ANSWER_S, socket_connect_timeout=_LONGEST_ANSWER_S
        ) as redis:
            redis.ping()
            bell = Doorbell(redis_url)
            for queue in QUEUES:
                bell.answered(queue)
            bell.ring_all()
            return living_workers(redis, system_clock()).by_queue
    except (RedisError, ValueError) as error:
        raise BadInput(
            f"cannot reach Redis ({error}). Is it running, and is REDIS_URL right?"
        ) from None

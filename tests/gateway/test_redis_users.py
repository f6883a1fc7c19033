"""Each user of Redis may do what its process does and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError
from rq import Queue
from rq.serializers import JSONSerializer

from core.db.rights import ROLES, Role
from gateway.work_queues import WorkQueues
from operations.embedded.services import Services

Command = Callable[[Redis], object]

# What an intruder with the address of a process would try first.
NOBODY_MAY: dict[str, Command] = {
    "empty it": lambda redis: redis.flushall(),
    "list keys": lambda redis: redis.keys("*"),
    "change settings": lambda redis: redis.config_set("dir", "/tmp"),
    "read settings": lambda redis: redis.config_get("*"),
    "stop it": lambda redis: redis.shutdown(nosave=True),
    "give itself rights": lambda redis: redis.acl_setuser("web", enabled=True, nopass=True),
    "see the users": lambda redis: redis.acl_list(),
    "copy it elsewhere": lambda redis: redis.replicaof("127.0.0.1", 1),
    "read what was slow": lambda redis: redis.slowlog_get(),
    "write a file": lambda redis: redis.save(),
    "cut others off": lambda redis: redis.client_kill_filter(_type="normal"),
    "touch other keys": lambda redis: redis.set("anything", 1),
}
WEB_MAY_NOT: dict[str, Command] = {
    "read a job": lambda redis: redis.hgetall("rq:job:1"),
    "delete a job": lambda redis: redis.delete("rq:job:1"),
    "take a job out": lambda redis: redis.lpop("rq:queue:payments"),
    "read a queue": lambda redis: redis.lrange("rq:queue:payments", 0, -1),
    "empty a queue": lambda redis: redis.delete("rq:queue:payments"),
    "hold wakes back": lambda redis: redis.delete("wake:payments"),
    "pretend a worker": lambda redis: redis.sadd("rq:workers", "rq:worker:x"),
    "pretend that one is alive": lambda redis: redis.hset("rq:worker:x", "last_heartbeat", "1"),
    "pretend the schedule": lambda redis: redis.set("heartbeat:schedule", "1"),
    "command a worker": lambda redis: redis.publish("rq:pubsub:x", "shutdown"),
    "suspend the workers": lambda redis: redis.set("rq:suspended", "1"),
    "hold providers' calls back": lambda redis: redis.set("rate_limit:mtn", "9" * 15),
    "read a job by a script": lambda redis: redis.eval("return redis.call('GET','rq:job:1')", 0),
}
WORKER_MAY_NOT: dict[str, Command] = {
    "read a session": lambda redis: redis.get("ussd:x"),
    "change a session": lambda redis: redis.set("ussd:x", "1"),
    "lift a limit": lambda redis: redis.delete("limit:x"),
    "change the console's figures": lambda redis: redis.set("console:trend", "1"),
}
OF_PROCESS: dict[Role, dict[str, Command]] = {"web": WEB_MAY_NOT, "worker": WORKER_MAY_NOT}


def is_refused(redis: Redis, command: Command) -> bool:
    try:
        command(redis)
    except ResponseError as refused:
        return isinstance(refused, NoPermissionError) or "No permissions" in str(refused)
    return False


@pytest.fixture
def connect(services: Services, redis: Redis) -> Iterator[Callable[[Role], Redis]]:
    """Log in to an empty Redis as a process does."""
    opened: list[Redis] = []

    def connection(role: Role) -> Redis:
        opened.append(Redis.from_url(services.redis_url_of(role)))
        return opened[-1]

    yield connection
    for each in opened:
        each.close()


@pytest.mark.parametrize("role", ROLES)
def test_a_process_may_not(connect: Callable[[Role], Redis], role: Role) -> None:
    redis = connect(role)
    tried = NOBODY_MAY | OF_PROCESS[role]
    assert [what for what, command in tried.items() if not is_refused(redis, command)] == []


def test_nobody_gets_in_without_a_password(services: Services) -> None:
    scheme, _, place = services.redis_url.rpartition("@")
    with Redis.from_url(f"{scheme.partition('://')[0]}://{place}") as redis:
        with pytest.raises(AuthenticationError):
            redis.ping()


def test_the_web_process_wakes_and_a_worker_takes_the_job(
    services: Services, redis: Redis, connect: Callable[[Role], Redis]
) -> None:
    queues = WorkQueues(services.redis_url_of("web"))
    queues.wake(["payments"])
    queues.close()
    queue = Queue("payments", connection=connect("worker"), serializer=JSONSerializer)
    [job] = queue.jobs
    assert job.func_name == "workers.jobs.apply_payments"
    job.delete()

"""The only jobs that a worker runs. Redis is shared with the web process, so what stands there may
be forged: a worker takes from it the name of a queue's own job, and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from redis import Redis, RedisError
from rq import Queue
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.utils import as_text

from core.unit import QueueName
from gateway.work_queues import FAILURE_KEPT_S, JOB_TIMEOUT_S, JOBS

# What is read of a job. Callbacks, webhooks, retries, other jobs and limits of its own are not.
_READ = {
    *("data", "origin", "status", "created_at", "enqueued_at", "started_at", "ended_at"),
    *("last_heartbeat", "worker_name"),
}
_DATA_MAX = 200  # bytes; the name of a job takes 70


class TableJob(Job):
    """A job of `table`, which has the function of each queue that is served.

    A job that is not called what `names` says for its queue, has arguments, or is garbled is
    refused: it is deleted, never run, and `refuse` is called with its name.
    """

    table: ClassVar[Mapping[str, Callable[[], None]]]
    names: ClassVar[Mapping[str, str]]
    refuse: ClassVar[Callable[[str], None]]

    @classmethod
    def fetch(cls, id: str, connection: Redis | None = None, serializer: Any = None) -> Job:
        """Read a job. Raises NoSuchJobError for one that is gone or refused, RedisError."""
        try:
            job = super().fetch(id, connection, serializer)
            name = f"{job.func_name} {job.args} {job.kwargs} in {job.origin}"
            has_more = job.instance or job.args or job.kwargs
            if job.func_name == cls.names.get(job.origin) and not has_more:
                return job
        except (NoSuchJobError, RedisError):
            raise
        except Exception as error:  # noqa: BLE001  whatever a forged job makes fail
            name = f"garbled: {error!r}"
        if connection is not None:
            connection.delete(f"{cls.redis_job_namespace_prefix}{id}")
        cls.refuse(name[:100])
        raise NoSuchJobError(f"refused: {name[:100]}")

    def restore(self, raw_data: Mapping[Any, Any]) -> None:
        """Read the fields of a job. Raises what a forged one makes fail."""
        read = {key: value for key, value in raw_data.items() if as_text(key) in _READ}
        if any(len(value) > _DATA_MAX for value in read.values()):
            raise ValueError("too long")
        super().restore(read)
        self.timeout, self.result_ttl, self.failure_ttl = JOB_TIMEOUT_S, 0, FAILURE_KEPT_S

    @property
    def func(self) -> Callable[[], None]:
        """The function, from the table and not by its name."""
        return self.table[self.origin]


class TableQueue(Queue):
    """A queue in which anything may stand; what is no text is the id of no job."""

    @classmethod
    def lpop(
        cls, queue_keys: Sequence[str], timeout: int | None, connection: Redis | None = None
    ) -> tuple[str, str] | None:
        """Take the next id, as RQ does."""
        taken = super().lpop(queue_keys, timeout, connection)
        return taken and (as_text(taken[0]), taken[1].decode(errors="replace"))

    @classmethod
    def lmove(
        cls, connection: Redis, queue_key: str, timeout: int | None
    ) -> tuple[str, str] | None:
        """Take the next id without a copy for the case that this process dies: the schedule looks
        for rows, not for jobs."""
        return cls.lpop([queue_key], timeout, connection)


def forget_ended(queue: Queue) -> None:
    """Remove what RQ keeps of jobs whose time is over, without looking at them."""
    for registry in (queue.started_job_registry, queue.failed_job_registry):
        queue.connection.zremrangebyscore(registry.key, 0, time.time())
    queue.connection.delete(queue.intermediate_queue.key)


def job_class(
    table: Mapping[QueueName, Callable[[], None]], refuse: Callable[[str], None]
) -> type[TableJob]:
    """The class of the jobs of a worker that serves the queues of `table`."""
    names = {queue: JOBS[queue] for queue in table}
    given = {"table": table, "names": names, "refuse": staticmethod(refuse)}
    return type("ServedJob", (TableJob,), given)

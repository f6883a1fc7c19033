"""Wake workers: tell RQ that rows wait in a queue. Best effort; the schedule wakes them again.

A job is named by its path and carries no data, so the web process imports no worker. At most one
job per queue waits at a time: a key in Redis marks it. The job clears that key before it claims
rows, so a wake-up during the job enqueues another one.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable

from redis import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from core.unit import QueueName
from gateway.counters import EventCounters
from gateway.redis_client import fail_fast_redis

log = logging.getLogger(__name__)

# The job of each queue, by the path of its function; workers run no others.
JOBS: dict[QueueName, str] = {
    "payments": "workers.jobs.apply_payments",
    "prompts": "workers.jobs.prompt_payers",
    "sms": "workers.jobs.send_sms",
    "vends": "workers.vends.ask_vendors",
    "reconciliation": "workers.reconciliation.reconcile",
}
QUEUES = tuple(JOBS)
# Under these sources EventCounters hold the wake-ups that were lost, by queue, and the jobs that
# workers refused.
LOST_WAKES = "lost_wake"
REFUSED_JOBS = "refused_job"
# When a worker dies before `clear_wake`, the queue can be woken again after this many seconds.
_WAKE_S = 5
JOB_TIMEOUT_S = 600
FAILURE_KEPT_S = 3600


class WorkQueues:
    """The queues of the workers. A call takes fractions of a second, whatever Redis does."""

    def __init__(self, redis_url: str) -> None:
        self._redis = fail_fast_redis(redis_url)
        self._counters = EventCounters(self._redis)

    def wake(self, queue_names: Collection[QueueName]) -> None:
        """Have the jobs of these queues run soon. A failure is counted and left to the schedule.

        Costs two calls to Redis however many queues there are, one when their jobs wait already.
        """
        try:
            self._enqueue(self._claim_wakes(queue_names))
        except RedisError as error:
            log.warning("could not wake the workers of %s: %s", ", ".join(queue_names), error)
            for queue_name in queue_names:
                self._counters.count(LOST_WAKES, queue_name)

    def _claim_wakes(self, queue_names: Collection[QueueName]) -> list[QueueName]:
        """Return the queues for which no job waits, and mark them as woken."""
        pipeline, names = self._redis.pipeline(transaction=False), list(queue_names)
        for name in names:
            pipeline.set(_wake_key(name), 1, nx=True, ex=_WAKE_S)
        return [name for name, is_set in zip(names, pipeline.execute(), strict=True) if is_set]

    def _enqueue(self, queue_names: Iterable[QueueName]) -> None:
        pipeline = self._redis.pipeline()
        for name in queue_names:
            queue = Queue(name, connection=self._redis, serializer=JSONSerializer)
            queue.enqueue(
                JOBS[name],
                job_timeout=JOB_TIMEOUT_S,
                result_ttl=0,
                failure_ttl=FAILURE_KEPT_S,
                pipeline=pipeline,
            )
        pipeline.execute()

    def count_refused(self) -> None:
        """Count a job that a worker refused."""
        self._counters.count(REFUSED_JOBS, "job")

    def close(self) -> None:
        """Close the connections to Redis."""
        self._redis.close()

    def clear_wake(self, queue_name: QueueName) -> None:
        """A job's first step, before it claims rows: wake-ups from now on enqueue a new job."""
        try:
            self._redis.delete(_wake_key(queue_name))
        except RedisError as error:
            log.warning("could not clear the wake-up of %s: %s", queue_name, error)


def _wake_key(queue_name: QueueName) -> str:
    return f"wake:{queue_name}"

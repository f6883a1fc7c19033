"""The doorbell: tells a worker that rows are waiting. Best effort; the schedule rings again.

A job is named by its path and carries nothing, so the web process imports no worker. At most one
bell of a queue is on its way at a time; the job takes it off the hook first, so that a ring during
the job brings another.
"""

from __future__ import annotations

import logging

from redis import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from gateway.tally import Tally, impatient_redis

log = logging.getLogger(__name__)

# The job behind each queue; workers serve the queues in this order.
_JOB = {
    "payments": "workers.jobs.apply_payments",
    "prompts": "workers.jobs.prompt_payers",
    "texts": "workers.jobs.send_texts",
    "money_back": "workers.money_back.reconcile",
}
QUEUES = tuple(_JOB)
# Should a worker die between taking the job and `answered`, the bell rings again after this.
_BELL_S = 5
_JOB_TIMEOUT_S = 600
_FAILURE_KEPT_S = 3600


class Doorbell:
    """Rings for queues, within fractions of a second whatever Redis does."""

    def __init__(self, redis_url: str) -> None:
        self._redis = impatient_redis(redis_url)
        self._tally = Tally(self._redis)

    def ring(self, queue_name: str) -> None:
        """Have that queue's job run soon. A failure is counted and left to the schedule."""
        try:
            if self._redis.set(_bell(queue_name), 1, nx=True, ex=_BELL_S):
                self._enqueue(queue_name)
        except RedisError as error:
            log.warning("could not ring for %s: %s", queue_name, error)
            self._tally.count("bell", f"{queue_name}_lost")

    def ring_all(self) -> None:
        """Ring for every queue: something was committed that any of them may have to do with."""
        for queue_name in QUEUES:
            self.ring(queue_name)

    def answered(self, queue_name: str) -> None:
        """The job's first act, before it claims anything: whoever rings from now on is heard."""
        try:
            self._redis.delete(_bell(queue_name))
        except RedisError as error:
            log.warning("could not answer the bell of %s: %s", queue_name, error)

    def _enqueue(self, queue_name: str) -> None:
        queue = Queue(queue_name, connection=self._redis, serializer=JSONSerializer)
        queue.enqueue(
            _JOB[queue_name],
            job_timeout=_JOB_TIMEOUT_S,
            result_ttl=0,
            failure_ttl=_FAILURE_KEPT_S,
        )


def _bell(queue_name: str) -> str:
    return f"bell:{queue_name}"

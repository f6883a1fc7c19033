"""The process of a worker: it takes jobs from the queues that it serves, one after the other."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Collection
from functools import partial

from redis import Redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from rq.timeouts import UnixSignalDeathPenalty
from rq.worker import DequeueStrategy
from sqlalchemy.exc import InvalidatePoolError, OperationalError, SQLAlchemyError

from core.environment import read_setting
from core.errors import Refused
from core.unit import QueueName
from core.usecases.operators.periodic_jobs import report_foreign_job
from core.wording.product import check_wording
from gateway.heartbeat import sending_heartbeats
from gateway.work_queues import QUEUES
from workers import jobs, reconciliation, vends
from workers.job_table import TableQueue, forget_ended, job_class
from workers.runtime import Runtime, publish_held_keys, runtime
from workers.settings import served_queues

log = logging.getLogger(__name__)

# A worker that starts before the database asks for it this often.
_AGAIN_AFTER_S = 1.0

TABLE: dict[QueueName, Callable[[], None]] = {
    "payments": jobs.apply_payments,
    "prompts": jobs.prompt_payers,
    "sms": jobs.send_sms,
    "vends": vends.ask_vendors,
    "reconciliation": reconciliation.reconcile,
}


class OutOfTime(BaseException):
    """The job's time is up. It is no Exception (as RQ's own is): code that catches the failure of a
    payment or an item must not catch this."""


class _TimeLimit(UnixSignalDeathPenalty):
    def handle_death_penalty(self, signum: int, frame: object) -> None:
        raise OutOfTime(f"not done in {self._timeout} seconds")


class TimedWorker(SimpleWorker):
    """Runs jobs in its own process, one after the other, each until its time is up."""

    death_penalty_class = _TimeLimit
    queue_class = TableQueue

    def clean_registries(self) -> None:
        """Forget jobs that ended with their worker: none is put back, the schedule looks for
        rows."""
        for queue in self.queues:
            forget_ended(queue)

    def clean_group_registries(self) -> None:
        """There are no groups of jobs."""


def run_worker() -> None:
    """Work until a signal to stop; a running job is finished first. Refuses to start with faulty
    wording."""
    check_wording()
    made = runtime()
    _once_the_database_answers(partial(publish_held_keys, made, os.environ))
    redis = Redis.from_url(read_setting(os.environ, "REDIS_URL"))
    worker = make_worker(redis, served_queues(os.environ), partial(refuse_job, made))
    with sending_heartbeats(worker.heartbeat):
        worker.work(logging_level="WARNING", dequeue_strategy=DequeueStrategy.ROUND_ROBIN)


def _once_the_database_answers(act: Callable[[], None]) -> None:
    """A worker that starts while the database is away waits for it, as it does for Redis."""
    while True:
        try:
            return act()
        except (OperationalError, InvalidatePoolError) as error:
            log.warning("the database does not answer, asked again in a second: %s", error)
            time.sleep(_AGAIN_AFTER_S)


def refuse_job(worker: Runtime, name: str) -> None:
    """Log and count a job that is none of ours, and open a case: what put it into Redis is no
    part of the product."""
    log.error("a job that is none of ours is refused: %s", name)
    worker.work_queues.count_refused()
    try:
        with worker.open_unit() as unit:
            report_foreign_job(unit)
    except (SQLAlchemyError, Refused) as error:
        log.warning("no case is opened about it: %s", error)


def make_worker(
    connection: Redis,
    served: Collection[QueueName] = QUEUES,
    refuse: Callable[[str], None] = log.error,
) -> TimedWorker:
    """A worker of these queues, which takes turns between them.

    Its timers are short, since RQ's defaults notice a dead worker only after ten minutes. Nothing
    is lost in the meantime: the schedule looks for rows, not for jobs.
    """
    return TimedWorker(
        [TableQueue(name, connection=connection, serializer=JSONSerializer) for name in served],
        connection=connection,
        job_class=job_class({name: TABLE[name] for name in served}, refuse),
        serializer=JSONSerializer,
        worker_ttl=60,
        maintenance_interval=30,
        job_monitoring_interval=10,
    )

"""Composition root of the worker process: the only one that holds device keys and credentials."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache

from redis import Redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from core.db.engine import make_engine
from core.settings import DarajaSettings, ServicesSettings, SmsSettings, read
from core.unit import OpenUnit, unit_opener
from core.usecases.open_secret import OpenSecret, secrets_from
from gateway.payments.daraja import DarajaClient
from gateway.ring import QUEUES, Doorbell
from gateway.sms.africastalking import AfricasTalkingSender
from gateway.sms.sender import SmsSender


@dataclass(frozen=True, slots=True)
class Runtime:
    """What jobs need: the database, the keys, the providers, the doorbell."""

    open_unit: OpenUnit
    open_secret: OpenSecret
    daraja: DarajaClient
    sender: SmsSender
    doorbell: Doorbell


@cache
def runtime() -> Runtime:
    """Made on first use in a worker process. Raises BadInput naming a setting that is missing."""
    services = ServicesSettings.from_environment(os.environ)
    return Runtime(
        open_unit=unit_opener(make_engine(services.database_url)),
        open_secret=secrets_from(os.environ),
        daraja=DarajaClient(DarajaSettings.from_environment(os.environ)),
        sender=AfricasTalkingSender(SmsSettings.from_environment(os.environ)),
        doorbell=Doorbell(services.redis_url),
    )


def run_worker() -> None:
    """Work until told to stop; a running job is finished first.

    Short timers, since RQ's defaults notice a dead worker only after ten minutes; nothing is lost
    meanwhile, because the schedule rings for rows, not for jobs.
    """
    runtime()
    connection = Redis.from_url(read(os.environ, "REDIS_URL"))
    queues = [Queue(name, connection=connection, serializer=JSONSerializer) for name in QUEUES]
    SimpleWorker(
        queues,
        connection=connection,
        serializer=JSONSerializer,
        default_worker_ttl=60,
        maintenance_interval=30,
        job_monitoring_interval=10,
    ).work(logging_level="WARNING")

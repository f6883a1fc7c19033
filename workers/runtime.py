"""Composition root of the worker process: the only one that holds device keys and credentials."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from redis import Redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer
from rq.timeouts import UnixSignalDeathPenalty

from core.db.engine import make_engine
from core.environment import Environment, read_setting
from core.unit import OpenUnit, unit_opener
from core.usecases.tokens.device_keys import OpenSecret, secrets_from
from core.wording.product import check_wording
from gateway.heartbeat import sending_heartbeats
from gateway.payments.airtel import AirtelChannel, AirtelSettings
from gateway.payments.channel import PaymentChannel
from gateway.payments.channel_table import channel_table
from gateway.payments.mpesa.client import DarajaClient
from gateway.payments.mpesa.settings import DarajaSettings
from gateway.payments.mtn import LOOK_UP_EVERY_S, MtnChannel, MtnSettings
from gateway.payments.pawapay.client import PawaPayChannel
from gateway.payments.pawapay.settings import PawaPaySettings
from gateway.payments.rate_limit import RateLimit
from gateway.redis_client import fail_fast_redis
from gateway.settings import ServicesSettings, channels_set_up
from gateway.sms.africastalking import AfricasTalkingSender, SmsSettings
from gateway.sms.sender import SmsSender
from gateway.work_queues import QUEUES, WorkQueues


@dataclass(frozen=True, slots=True)
class Runtime:
    """What jobs need: the database, the keys, the providers, the work queues.

    `daraja` is None in a market without M-Pesa; `other_channels` are the others that are set up, by
    name.
    """

    open_unit: OpenUnit
    open_secret: OpenSecret
    daraja: DarajaClient | None
    sender: SmsSender
    work_queues: WorkQueues
    other_channels: Mapping[str, PaymentChannel] = field(default_factory=dict)

    def channel(self, name: str) -> PaymentChannel | None:
        """The channel of that name; None when it is not set up (any more)."""
        return self.daraja if name == "daraja" else self.other_channels.get(name)


@cache
def runtime() -> Runtime:
    """The runtime of this process, made on first use. Raises BadInput for a missing setting."""
    services = ServicesSettings.from_environment(os.environ)
    work_queues = WorkQueues(services.redis_url)
    return Runtime(
        open_unit=unit_opener(
            make_engine(services.database_url),
            channels=channel_table(channels_set_up(os.environ)),
            after_commit=work_queues.wake,
        ),
        open_secret=secrets_from(os.environ),
        daraja=_daraja(os.environ),
        sender=AfricasTalkingSender(SmsSettings.from_environment(os.environ)),
        work_queues=work_queues,
        other_channels=_other_channels(os.environ),
    )


def _daraja(environment: Environment) -> DarajaClient | None:
    if "daraja" not in channels_set_up(environment):
        return None
    return DarajaClient(DarajaSettings.from_environment(environment))


_MADE_BY: dict[str, Callable[[Environment], PaymentChannel]] = {
    "mtn": lambda environment: MtnChannel(
        MtnSettings.from_environment(environment),
        RateLimit(
            fail_fast_redis(read_setting(environment, "REDIS_URL")), "mtn", LOOK_UP_EVERY_S
        ).wait,
    ),
    "airtel": lambda environment: AirtelChannel(AirtelSettings.from_environment(environment)),
    "pawapay": lambda environment: PawaPayChannel(PawaPaySettings.from_environment(environment)),
}


def _other_channels(environment: Environment) -> dict[str, PaymentChannel]:
    return {
        name: make(environment)
        for name, make in _MADE_BY.items()
        if name in channels_set_up(environment)
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


def run_worker() -> None:
    """Work until a signal to stop; a running job is finished first. Refuses to start with faulty
    wording."""
    check_wording()
    runtime()
    worker = make_worker(Redis.from_url(read_setting(os.environ, "REDIS_URL")))
    with sending_heartbeats(worker.heartbeat):
        worker.work(logging_level="WARNING")


def make_worker(connection: Redis) -> TimedWorker:
    """A worker that serves every queue.

    Its timers are short, since RQ's defaults notice a dead worker only after ten minutes. Nothing
    is lost in the meantime: the schedule looks for rows, not for jobs.
    """
    return TimedWorker(
        [Queue(name, connection=connection, serializer=JSONSerializer) for name in QUEUES],
        connection=connection,
        serializer=JSONSerializer,
        worker_ttl=60,
        maintenance_interval=30,
        job_monitoring_interval=10,
    )

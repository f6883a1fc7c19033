"""The processes of a run, each of which can be killed and started again.

A process ends with the thread that started it, so one thread starts and kills all of them.
"""

from __future__ import annotations

import base64
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from sqlalchemy import Engine, create_engine

from core.db.engine import migrate
from gateway.work_queues import QUEUES, WorkQueues
from operations.embedded.locations import free_port
from operations.embedded.processes import Process
from operations.embedded.services import Services, embedded_services
from operations.web_server import granian_command
from simulator.database import create_schema, open_database
from simulator.runtime import SimulatorRuntime
from simulator.settings import SimulatorSettings
from tests.support.cast import PEPPER, VENDING_KEYS
from tests.support.endpoint_settings import distinct_keys
from tests.support.vendors import vendor_settings
from torture.dataset import insert_dataset
from torture.workload import Workload

_READY_S = 120.0  # a dozen processes, on a machine that may be busy
_CONNECTIONS = 24


class Deployment:
    """All processes, and an engine each for the product's database and the providers'.

    The providers have a database server of their own, which is never killed: another company's
    servers outlive ours.
    """

    def __init__(
        self, services: Services, providers_database_url: str, workload: Workload, log: Path
    ) -> None:
        self.services = services
        self.settings = _make_settings(services, workload)
        self.engine: Engine = create_engine(
            services.database_url, pool_size=_CONNECTIONS, pool_pre_ping=True
        )
        self.runtime = SimulatorRuntime(
            open_database(providers_database_url, _CONNECTIONS),
            SimulatorSettings.from_environ(self.settings),
        )
        self.work_queues = WorkQueues(services.redis_url)
        self.log = log
        self.processes = _make_processes(self, providers_database_url, workload.workers)

    @property
    def providers_url(self) -> str:
        """The address of the simulated providers."""
        return self.settings["DARAJA_BASE_URL"]

    def start(self) -> None:
        """Start all processes and wait until they answer. Raises RuntimeError with their log."""
        for process in self.processes.values():
            process.start()
        try:
            _wait_for(self.settings["PUBLIC_URL"] + "/healthz")
            _wait_for(self.providers_url + "/_ctl/faults")
        except OSError as error:
            raise RuntimeError(
                f"the deployment does not start: {self.log.read_text()[-2000:]}"
            ) from error

    def stop(self) -> None:
        """End all processes."""
        for process in self.processes.values():
            process.end_group()
        self.work_queues.close()
        self.engine.dispose()
        self.runtime.engine.dispose()

    def kill(self, name: str) -> None:
        """Kill a process with SIGKILL and start it again."""
        process = self.processes[name]
        process.end_group()
        process.start()

    def kill_postgres(self) -> None:
        """Kill the whole server at once, as a power failure does, and wait until it answers."""
        self.services.postgres.end_group()
        self.services.postgres.start()
        self.services.wait_until_ready()

    def kill_redis(self) -> None:
        """Kill the server and wait until it answers again."""
        self.services.valkey.end_group()
        self.services.valkey.start()
        self.services.wait_until_ready()

    def flush_redis(self) -> None:
        """Delete everything in Redis."""
        with Redis.from_url(self.services.redis_url) as redis:
            redis.flushall()


@contextmanager
def start_deployment(folder: Path, workload: Workload) -> Iterator[Deployment]:
    """A running product on a new database with the dataset; everything is ended afterwards."""
    with (
        embedded_services(folder / "product") as services,
        embedded_services(folder / "providers", for_tests=True) as others,
    ):
        migrate(services.database_url, services.passwords)
        log = folder / "processes.log"
        deployment = Deployment(services, others.database_url, workload, log)
        create_schema(deployment.runtime.engine)
        create_schema(deployment.engine)  # for a copy of what the providers know (checks.py)
        with deployment.engine.begin() as connection:
            insert_dataset(connection, workload)
        try:
            deployment.start()
            yield deployment
        finally:
            deployment.stop()


def _make_settings(services: Services, workload: Workload) -> dict[str, str]:
    providers, web = free_port(), free_port()
    return {
        "DATABASE_URL": services.database_url,
        "REDIS_URL": services.redis_url,
        **distinct_keys(),
        "USSD_AGGREGATORS": "africastalking",
        "PROOF_SECRET": "a secret of the torture",
        "PORT": str(web),
        "PUBLIC_URL": f"http://127.0.0.1:{web}",
        "SIMULATOR_PORT": str(providers),
        "SIMULATOR_PROMPT_SECONDS": "15",
        "DEVICE_KEY_SECRET": "1:" + base64.b64encode(bytes(32)).decode(),
        "PIN_PEPPER": PEPPER,
        "AT_USERNAME": "jua",
        "AT_API_KEY": "at-key",
        "AT_BASE_URL": f"http://127.0.0.1:{providers}",
        "DARAJA_BASE_URL": f"http://127.0.0.1:{providers}",
        "DARAJA_CONSUMER_KEY": "consumer",
        "DARAJA_CONSUMER_SECRET": "secret",
        "DARAJA_SHORTCODE": "600123",
        "DARAJA_PASSKEY": "pass",
        "DARAJA_INITIATOR": "dialwatt",
        "DARAJA_SECURITY_CREDENTIAL": "c2VjcmV0",
        "DARAJA_PULL": "1",
        "DARAJA_PULL_EVERY_S": str(workload.pull_every_s),
        **VENDING_KEYS,
        **vendor_settings(f"http://127.0.0.1:{providers}"),
    }


def _make_processes(
    deployment: Deployment, providers_database_url: str, workers: int
) -> dict[str, Process]:
    settings, services = deployment.settings, deployment.services
    of_worker = services.settings_of("worker")
    own = {
        "providers": {"DATABASE_URL": providers_database_url},
        "web": services.settings_of("web"),
    }
    dialwatt = [sys.executable, "-m", "operations.cli"]
    commands = {
        "providers": [sys.executable, "-m", "simulator.app"],
        "web": granian_command("gateway.rsgi:app", int(settings["PORT"]), workers=1),
        **{
            f"worker-{queue}-{n}": [*dialwatt, "worker", queue]
            for queue in QUEUES
            for n in range(workers)
        },
        "schedule": [*dialwatt, "schedule"],
    }
    return {
        name: Process(
            name, argv, env=os.environ | settings | own.get(name, of_worker), output=deployment.log
        )
        for name, argv in commands.items()
    }


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + _READY_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise
        time.sleep(0.05)

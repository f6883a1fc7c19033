"""The processes of a run: the product's own, each of which can be struck dead and started again.

Processes die with the thread that started them, so one thread starts and kills them all.
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
from operations.embedded.locations import free_port
from operations.embedded.processes import Process
from operations.embedded.services import Services, embedded_services
from simulator.database import create_schema, open_database
from simulator.runtime import SimulatorRuntime
from simulator.settings import SimulatorSettings
from tests.support.cast import PEPPER, VENDING_KEYS
from torture.dataset import insert_dataset
from torture.workload import Workload

_READY_S = 30.0
_CONNECTIONS = 24


class Deployment:
    """Everything that runs, and the two ways into its books: ours and the simulated provider's."""

    def __init__(self, services: Services, workload: Workload, log: Path) -> None:
        self.services = services
        self.settings = _settings(services, workload)
        self.engine: Engine = create_engine(
            services.database_url, pool_size=_CONNECTIONS, pool_pre_ping=True
        )
        self.runtime = SimulatorRuntime(
            open_database(services.database_url, _CONNECTIONS),
            SimulatorSettings.from_environ(self.settings),
        )
        self.log = log
        self.processes = _processes(self.settings, workload.workers, log)

    def start(self) -> None:
        for process in self.processes.values():
            process.start()
        try:
            _wait_for(self.settings["PUBLIC_URL"] + "/healthz")
            _wait_for(self.settings["DARAJA_BASE_URL"] + "/_ctl/faults")
        except OSError as error:
            raise RuntimeError(f"it does not start: {self.log.read_text()[-2000:]}") from error

    def stop(self) -> None:
        for process in self.processes.values():
            process.end_group()
        self.engine.dispose()
        self.runtime.engine.dispose()

    def kill(self, name: str) -> None:
        """SIGKILL, and another one in its place."""
        process = self.processes[name]
        process.end_group()
        process.start()

    def kill_postgres(self) -> None:
        """The whole server at once, as when the machine loses its head; it recovers by itself."""
        self.services.postgres.end_group()
        self.services.postgres.start()
        self.services.wait_until_ready()

    def kill_redis(self) -> None:
        self.services.valkey.end_group()
        self.services.valkey.start()
        self.services.wait_until_ready()

    def flush_redis(self) -> None:
        with Redis.from_url(self.services.redis_url) as redis:
            redis.flushall()


@contextmanager
def start_deployment(folder: Path, workload: Workload) -> Iterator[Deployment]:
    """A running product on a new book with a population; everything is ended afterwards."""
    with embedded_services(folder) as services:
        migrate(services.database_url)
        it = Deployment(services, workload, folder / "processes.log")
        create_schema(it.runtime.engine)
        with it.engine.begin() as connection:
            insert_dataset(connection, workload)
        try:
            it.start()
            yield it
        finally:
            it.stop()


def _settings(services: Services, workload: Workload) -> dict[str, str]:
    providers, web = free_port(), free_port()
    return {
        "DATABASE_URL": services.database_url,
        "REDIS_URL": services.redis_url,
        "CALLBACK_KEY": "torture",
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
    }


def _processes(settings: dict[str, str], workers: int, log: Path) -> dict[str, Process]:
    env = os.environ | settings
    dialwatt = [sys.executable, "-m", "operations.cli"]
    web = (
        f"{sys.executable} -m granian --interface wsgi --host 127.0.0.1"
        f" --port {settings['PORT']} --workers 1 --blocking-threads 16 --no-ws --no-access-log"
        " --log-level error gateway.wsgi:app"
    ).split()
    commands = {
        "providers": [sys.executable, "-m", "simulator.app"],
        "web": web,
        **{f"worker-{n}": [*dialwatt, "worker"] for n in range(workers)},
        "schedule": [*dialwatt, "schedule"],
    }
    return {name: Process(name, argv, env=env, output=log) for name, argv in commands.items()}


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
